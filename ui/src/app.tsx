// The frame: header, the three sections (all stay alive, so a stream goes on while another is shown).
import { useEffect, useState } from 'preact/hooks';
import { apiUrl } from './api';
import { Chat } from './chat';
import { ConfirmHost, NoticeHost } from './dialogs';
import { Documents } from './documents';
import { HealthBadge, useHealthWatch } from './health';
import { chooseLang, lang, useWords } from './i18n';
import { Icon } from './icons';
import { IndexSelector } from './indexes';
import { KeyHost } from './key_dialog';
import { Settings } from './settings';
import { nextTheme, theme } from './theme';

const SECTIONS = ['chat', 'documents', 'settings'] as const;
type Section = (typeof SECTIONS)[number];

function sectionOfAddress(): Section {
    const name = location.hash.replace(/^#\/?/, '');
    return SECTIONS.find((section) => section === name) ?? 'chat';
}

function useSection(): Section {
    const [section, setSection] = useState(sectionOfAddress);
    useEffect(() => {
        const follow = () => setSection(sectionOfAddress());
        addEventListener('hashchange', follow);
        return () => removeEventListener('hashchange', follow);
    }, []);
    return section;
}

function Navigation({ section }: { section: Section }) {
    const t = useWords();
    return (
        <nav class="nav" aria-label={t('navigation')}>
            {SECTIONS.map((name) => (
                <a key={name} href={`#/${name}`} aria-current={name === section ? 'page' : undefined}>
                    <Icon name={name} />
                    <span>{t(name)}</span>
                </a>
            ))}
        </nav>
    );
}

const THEME_LOOK = {
    system: { icon: 'system', word: 'themeSystem' },
    light: { icon: 'sun', word: 'themeLight' },
    dark: { icon: 'moon', word: 'themeDark' },
} as const;

function Header({ section }: { section: Section }) {
    const t = useWords();
    const look = THEME_LOOK[theme.use()];
    const other = lang.use() === 'en' ? 'zh' : 'en';
    return (
        <header class="header">
            <a class="brand" href="#/chat">
                <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
                    <rect width="32" height="32" rx="8" />
                    <path d="M9 8.5h9.5L23 13v10.5H9zM12.5 15h7M12.5 19h4.5" />
                </svg>
                <span>{t('product')}</span>
            </a>
            <Navigation section={section} />
            <HealthBadge />
            <IndexSelector />
            <div class="tools">
                <a class="quiet-link" href={apiUrl('docs')} target="_blank" rel="noopener">
                    {t('apiDocs')}
                </a>
                <button
                    class="text-button"
                    lang={other === 'zh' ? 'zh-CN' : 'en'}
                    aria-label={t('languageLabel')}
                    onClick={() => chooseLang(other)}
                >
                    {t('language')}
                </button>
                <button class="icon-button" aria-label={t(look.word)} title={t(look.word)} onClick={nextTheme}>
                    <Icon name={look.icon} />
                </button>
            </div>
        </header>
    );
}

export function App() {
    const section = useSection();
    useHealthWatch();
    return (
        <>
            <Header section={section} />
            <main class="main">
                <Chat shown={section === 'chat'} />
                <Documents shown={section === 'documents'} />
                <Settings shown={section === 'settings'} />
            </main>
            <KeyHost />
            <ConfirmHost />
            <NoticeHost />
        </>
    );
}
