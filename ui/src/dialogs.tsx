// Modal questions (native <dialog>: focus trap and Escape come with it) and short notices.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useWords } from './i18n';
import { createStore } from './store';

interface ModalProps {
    title: string;
    onClose: () => void;
    onSubmit: () => void;
    children: ComponentChildren;
    submit: string;
    danger?: boolean;
}

export function Modal({ title, onClose, onSubmit, children, submit, danger }: ModalProps) {
    const t = useWords();
    const box = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        box.current?.showModal();
        return () => before?.focus?.();
    }, []);
    return (
        <dialog
            ref={box}
            class="modal"
            aria-labelledby="modal-title"
            onCancel={(event) => {
                event.preventDefault();
                onClose();
            }}
        >
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    onSubmit();
                }}
            >
                <h2 id="modal-title">{title}</h2>
                {children}
                <div class="modal-actions">
                    <button type="button" class="button" onClick={onClose}>
                        {t('cancel')}
                    </button>
                    <button type="submit" class={danger ? 'button danger' : 'button primary'}>
                        {submit}
                    </button>
                </div>
            </form>
        </dialog>
    );
}

// ---- "really?" -----------------------------------------------------------------------------------------

interface Question {
    text: string;
    action: string;
    answer: (yes: boolean) => void;
}
const question = createStore<Question | null>(null);

export function confirmed(text: string, action: string): Promise<boolean> {
    return new Promise((resolve) => {
        question.set({
            text,
            action,
            answer: (yes) => {
                question.set(null);
                resolve(yes);
            },
        });
    });
}

export function ConfirmHost() {
    const current = question.use();
    if (!current) return null;
    return (
        <Modal
            title={current.text}
            submit={current.action}
            danger
            onClose={() => current.answer(false)}
            onSubmit={() => current.answer(true)}
        >
            {null}
        </Modal>
    );
}

// ---- notices -------------------------------------------------------------------------------------------

interface Notice {
    text: string;
    bad: boolean;
}
const notice = createStore<Notice | null>(null);
let hideTimer = 0;

export function notify(text: string, bad = false): void {
    notice.set({ text, bad });
    clearTimeout(hideTimer);
    hideTimer = window.setTimeout(() => notice.set(null), bad ? 9000 : 3500);
}

export function notifyFault(fault: unknown): void {
    notify(fault instanceof Error ? fault.message : String(fault), true);
}

export function NoticeHost() {
    const current = notice.use();
    return (
        <div class="notice-host" role="status" aria-live="polite">
            {current && <div class={current.bad ? 'notice bad' : 'notice'}>{current.text}</div>}
        </div>
    );
}
