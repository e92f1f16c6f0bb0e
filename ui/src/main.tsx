// Entry: styles, then the page.
import { render } from 'preact';
import { App } from './app';
import './style/base.css';
import './style/frame.css';
import './style/chat.css';
import './style/documents.css';
import './style/settings.css';

render(<App />, document.getElementById('app')!);
