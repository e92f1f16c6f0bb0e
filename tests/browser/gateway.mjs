// A gateway like that of EAS: serves a service under a path prefix, strips it, and has its own use for Authorization.
import http from 'node:http';

export async function startGateway(target, prefix) {
    const upstream = new URL(target);
    const server = http.createServer((request, response) => {
        if (!request.url.startsWith(`${prefix}/`)) {
            response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such service');
            return;
        }
        const outgoing = http.request({
            host: upstream.hostname,
            port: upstream.port,
            method: request.method,
            path: request.url.slice(prefix.length),
            headers: { ...request.headers, authorization: 'token-of-the-gateway', 'x-forwarded-host': request.headers.host, host: 'inner.example' },
        });
        outgoing.on('response', (answer) => {
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
        });
        outgoing.on('error', () => response.destroy());
        response.on('close', () => outgoing.destroy());
        request.pipe(outgoing);
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    const close = () => {
        server.closeAllConnections();
        return new Promise((closed) => server.close(closed));
    };
    return { url: `http://127.0.0.1:${server.address().port}${prefix}/`, close };
}
