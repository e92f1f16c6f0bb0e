// Turns an error reply of the service, whatever its shape, into one sentence for the user.

interface Detail {
    loc?: (string | number)[];
    msg?: string;
}

export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

function detailText(detail: Detail): string {
    const where = (detail.loc ?? []).filter((part) => part !== 'body').join('.');
    return where ? `${where}: ${detail.msg ?? ''}` : (detail.msg ?? '');
}

/** {"message"}, {"error":{"message"}} and FastAPI's {"detail"} are all in use. */
export function errorText(status: number, body: string): string {
    try {
        const json = JSON.parse(body);
        if (typeof json.message === 'string') return json.message;
        if (typeof json.error === 'string') return json.error;
        if (typeof json.error?.message === 'string') return json.error.message;
        if (typeof json.detail === 'string') return json.detail;
        if (Array.isArray(json.detail)) return json.detail.map(detailText).join('; ');
    } catch {
        /* not JSON */
    }
    return `HTTP ${status}`;
}
