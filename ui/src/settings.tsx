// Settings of the service: shown from GET config, only what was changed goes back by PATCH.
import { useEffect, useState } from 'preact/hooks';
import { getConfig, patchConfig } from './api';
import { changedOnly, type Tree } from './changes';
import { notify } from './dialogs';
import { say, useWords, type Word } from './i18n';

type Value = string | number | boolean | null;

interface Field {
    path: [string, string];
    label: Word;
    kind: 'text' | 'area' | 'number' | 'secret' | 'select';
    options?: [string, Word][];
    min?: number;
    max?: number;
    step?: number;
    hint?: Word;
    placeholder?: string;
    /** Only for these values of llm.source. */
    sources?: string[];
    wide?: boolean;
    /** The provider has a default for it. */
    byProvider?: boolean;
}

interface Group {
    title: Word;
    text: Word;
    fields: Field[];
}

const GROUPS: Group[] = [
    {
        title: 'llm',
        text: 'llmText',
        fields: [
            {
                path: ['llm', 'source'],
                label: 'source',
                kind: 'select',
                options: [
                    ['dashscope', 'sourceDashscope'],
                    ['openai', 'sourceOpenai'],
                    ['paieas', 'sourcePaieas'],
                ],
            },
            { path: ['llm', 'model'], label: 'model', kind: 'text', byProvider: true },
            { path: ['llm', 'base_url'], label: 'baseUrl', kind: 'text', sources: ['dashscope', 'openai'], wide: true, byProvider: true, placeholder: 'https://…/v1' },
            { path: ['llm', 'endpoint'], label: 'endpoint', kind: 'text', sources: ['paieas'], wide: true, placeholder: 'https://…' },
            { path: ['llm', 'api_key'], label: 'apiKey', kind: 'secret', sources: ['dashscope', 'openai'], wide: true },
            { path: ['llm', 'token'], label: 'token', kind: 'secret', sources: ['paieas'], wide: true },
            { path: ['llm', 'temperature'], label: 'temperature', kind: 'number', min: 0, max: 2, step: 0.05, hint: 'temperatureHint' },
            { path: ['llm', 'max_tokens'], label: 'maxTokens', kind: 'number', min: 1, step: 1 },
            { path: ['llm', 'system_prompt'], label: 'systemPrompt', kind: 'area', wide: true },
        ],
    },
    {
        title: 'retrieval',
        text: 'retrievalText',
        fields: [
            {
                path: ['retriever', 'vector_store_query_mode'],
                label: 'retrievalMode',
                kind: 'select',
                options: [
                    ['hybrid', 'modeHybrid'],
                    ['default', 'modeEmbedding'],
                    ['text_search', 'modeKeyword'],
                ],
            },
            { path: ['retriever', 'similarity_top_k'], label: 'topK', kind: 'number', min: 1, max: 1000, step: 1 },
            { path: ['postprocessor', 'similarity_threshold'], label: 'threshold', kind: 'number', min: 0, max: 1, step: 0.01, hint: 'thresholdHint' },
        ],
    },
    {
        title: 'chunking',
        text: 'chunkingText',
        fields: [
            { path: ['node_parser', 'chunk_size'], label: 'chunkSize', kind: 'number', min: 1, step: 1 },
            { path: ['node_parser', 'chunk_overlap'], label: 'chunkOverlap', kind: 'number', min: 0, step: 1 },
        ],
    },
    {
        title: 'prompts',
        text: 'promptsText',
        fields: [
            { path: ['synthesizer', 'citation_text_qa_template'], label: 'promptCitation', kind: 'area', wide: true },
            { path: ['synthesizer', 'text_qa_template'], label: 'promptQa', kind: 'area', wide: true },
        ],
    },
];

const FIELDS = GROUPS.flatMap((group) => group.fields);
const id = (field: Field) => field.path.join('.');

function valueAt(config: Record<string, unknown>, [section, key]: [string, string]): Value {
    const part = config[section] as Record<string, Value> | undefined;
    return part?.[key] ?? null;
}

/** What the form starts from. A secret starts empty: its mask is shown beside it, never sent back. */
function formOf(config: Record<string, unknown>): Tree {
    const form: Tree = {};
    for (const field of FIELDS) {
        const [section, key] = field.path;
        const part = (form[section] ??= {}) as Tree;
        const value = valueAt(config, field.path);
        part[key] = field.kind === 'secret' ? null : field.kind === 'number' ? value : (value ?? '');
    }
    return form;
}

interface ControlProps {
    field: Field;
    value: Value;
    config: Record<string, unknown>;
    onChange: (value: Value) => void;
}

function SecretControl({ field, value, config, onChange }: ControlProps) {
    const t = useWords();
    const mask = valueAt(config, field.path);
    const isSet = valueAt(config, [field.path[0], `${field.path[1]}_set`]) === true;
    const tail = typeof mask === 'string' ? mask.replace(/^\*+/, '') : '';
    const state = value === '' ? 'secretWillRemove' : !isSet ? 'secretUnset' : tail ? 'secretSet' : 'secretSetNoTail';
    return (
        <>
            <div class="with-button">
                <input
                    id={id(field)}
                    type="password"
                    autocomplete="new-password"
                    placeholder={isSet ? t('secretKeep') : ''}
                    value={String(value ?? '')}
                    onInput={(event) => onChange(event.currentTarget.value || null)}
                />
                {isSet && value !== '' && (
                    <button type="button" class="text-button" onClick={() => onChange('')}>
                        {t('secretRemove')}
                    </button>
                )}
            </div>
            <small>{t(state, { tail })}</small>
        </>
    );
}

function Control(props: ControlProps) {
    const t = useWords();
    const { field, value, onChange } = props;
    const common = { id: id(field), placeholder: value === null && field.byProvider ? t('ofProvider') : field.placeholder };
    if (field.kind === 'secret') return <SecretControl {...props} />;
    if (field.kind === 'area')
        return (
            <textarea {...common} rows={5} value={String(value ?? '')} onInput={(event) => onChange(event.currentTarget.value)} />
        );
    if (field.kind === 'select')
        return (
            <select {...common} class="select" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
                {!field.options!.some(([name]) => name === value) && <option value={String(value)}>{String(value)}</option>}
                {field.options!.map(([name, word]) => (
                    <option key={name} value={name}>
                        {t(word)}
                    </option>
                ))}
            </select>
        );
    if (field.kind === 'number')
        return (
            <input
                {...common}
                type="number"
                inputMode="decimal"
                min={field.min}
                max={field.max}
                step={field.step === 1 ? 1 : 'any'}
                value={value === null ? '' : Number(value)}
                onInput={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.valueAsNumber)}
            />
        );
    return (
        <input
            {...common}
            autocomplete="off"
            spellcheck={false}
            value={String(value ?? '')}
            onInput={(event) => onChange(event.currentTarget.value)}
        />
    );
}

function GroupCard({ group, form, config, set }: {
    group: Group;
    form: Tree;
    config: Record<string, unknown>;
    set: (field: Field, value: Value) => void;
}) {
    const t = useWords();
    const source = String(valueAt(form, ['llm', 'source']) ?? '').toLowerCase();
    const fields = group.fields.filter((field) => !field.sources || field.sources.includes(source));
    return (
        <section class="card">
            <div class="card-head">
                <div>
                    <h2>{t(group.title)}</h2>
                    <p class="quiet">{t(group.text)}</p>
                </div>
            </div>
            <div class="fields">
                {fields.map((field) => (
                    <div key={id(field)} class={field.wide ? 'field wide' : 'field'}>
                        <label for={id(field)}>{t(field.label)}</label>
                        <Control field={field} value={valueAt(form, field.path)} config={config} onChange={(value) => set(field, value)} />
                        {field.hint && <small>{t(field.hint)}</small>}
                    </div>
                ))}
            </div>
        </section>
    );
}

/** Another provider has another model and address: empty (its default applies) until the user names them. */
function ofSource(start: Tree, source: Value): Tree {
    const same = valueAt(start, ['llm', 'source']) === source;
    const paths: [string, string][] = [['llm', 'model'], ['llm', 'base_url']];
    return Object.fromEntries(paths.map((path) => [path[1], same ? valueAt(start, path) : null]));
}

/** null for a number field means that it was emptied; a null secret means "keep". */
function checkNumbers(start: Tree, form: Tree): void {
    for (const field of FIELDS) {
        if (field.kind === 'number' && valueAt(form, field.path) === null && valueAt(start, field.path) !== null)
            throw new Error(say('notANumber', { label: say(field.label) }));
    }
}

export function Settings({ shown }: { shown: boolean }) {
    const t = useWords();
    const [config, setConfig] = useState<Record<string, unknown> | null>(null);
    const [form, setForm] = useState<Tree>({});
    const [fault, setFault] = useState('');
    const [saving, setSaving] = useState(false);
    const start = config ? formOf(config) : {};
    const changes = changedOnly(start, form);
    const dirty = Object.keys(changes).length > 0;

    const show = (fresh: Record<string, unknown>) => {
        setConfig(fresh);
        setForm(formOf(fresh));
        setFault('');
    };
    const load = () => getConfig().then(show, (error: Error) => setFault(error.message));
    useEffect(() => {
        if (shown && !dirty) void load();
    }, [shown]);

    const set = (field: Field, value: Value) => {
        const [section, key] = field.path;
        const follow = id(field) === 'llm.source' ? ofSource(start, value) : {};
        setForm((now) => ({ ...now, [section]: { ...(now[section] as Tree), ...follow, [key]: value } }));
    };
    const save = async () => {
        setSaving(true);
        try {
            checkNumbers(start, form);
            await patchConfig(changes);
            show(await getConfig());
            notify(t('saved'));
        } catch (error) {
            setFault((error as Error).message);
        } finally {
            setSaving(false);
        }
    };

    return (
        <section class="view settings-view" hidden={!shown}>
            <form
                class="column"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save();
                }}
            >
                {config && GROUPS.map((group) => <GroupCard key={group.title} {...{ group, form, config, set }} />)}
                {(fault || dirty) && (
                    <div class="save-bar">
                        {fault ? (
                            <p class="fault" role="alert">
                                {fault}
                            </p>
                        ) : (
                            <p>{t('unsaved')}</p>
                        )}
                        {config ? (
                            <div class="save-actions">
                                <button type="button" class="button" onClick={() => show(config)}>
                                    {t('discard')}
                                </button>
                                <button type="submit" class="button primary" disabled={saving || !dirty}>
                                    {t('save')}
                                </button>
                            </div>
                        ) : (
                            <button type="button" class="button" onClick={load}>
                                {t('retry')}
                            </button>
                        )}
                    </div>
                )}
            </form>
        </section>
    );
}
