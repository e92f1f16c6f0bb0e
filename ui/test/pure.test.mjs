// Unit tests of the modules that need no DOM, loaded through vite because node 20 cannot read TypeScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnerImport } from 'vite';

const load = async (name) => (await runnerImport(new URL(`../src/${name}`, import.meta.url).pathname)).module;
const { SseParser } = await load('sse.ts');
const { bestSentence, splitSentences } = await load('overlap.ts');
const { errorText } = await load('errors.ts');
const { changedOnly } = await load('changes.ts');

const STREAM = 'data: {"delta":"你好"}\n\n: keep-alive\n\ndata: a\r\ndata: b\r\n\r\nevent: x\rdata:c\r\r';
const EVENTS = ['{"delta":"你好"}', 'a\nb', 'c'];

test('sse: one piece', () => {
    assert.deepEqual(new SseParser().feed(STREAM), EVENTS);
});

test('sse: every split into two pieces, and single characters', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
        const parser = new SseParser();
        const got = [...parser.feed(STREAM.slice(0, cut)), ...parser.feed(STREAM.slice(cut))];
        assert.deepEqual(got, EVENTS, `cut at ${cut}`);
    }
    const parser = new SseParser();
    assert.deepEqual([...STREAM].flatMap((c) => parser.feed(c)), EVENTS);
});

test('sse: an event without its blank line is not delivered', () => {
    assert.deepEqual(new SseParser().feed('data: half'), []);
});

test('overlap: sentences keep their place in the text', () => {
    const text = 'First one. Second, 3.5 kg!  第三句。第四句';
    const parts = splitSentences(text);
    assert.deepEqual(
        parts.map((p) => text.slice(p.begin, p.end)),
        ['First one.', 'Second, 3.5 kg!', '第三句。', '第四句'],
    );
});

test('overlap: finds the sentence that supports a claim, in English and Chinese', () => {
    const english = 'The pump was installed in 1998. It moves 40 litres per minute. Paint is optional.';
    const found = bestSentence(english, 'It moves 40 litres each minute');
    assert.equal(english.slice(found.begin, found.end), 'It moves 40 litres per minute.');
    const chinese = '本公司成立于1998年。员工每年享有十五天带薪年假。食堂在二楼。';
    const hit = bestSentence(chinese, '每年有十五天的带薪年假');
    assert.equal(chinese.slice(hit.begin, hit.end), '员工每年享有十五天带薪年假。');
});

test('overlap: nothing is marked when nothing fits', () => {
    assert.equal(bestSentence('Entirely different matter.', '完全无关'), null);
});

test('errors: every shape the service answers with becomes a sentence', () => {
    assert.equal(errorText(400, '{"message":"No such index."}'), 'No such index.');
    assert.equal(errorText(401, '{"error":{"message":"Wrong key."}}'), 'Wrong key.');
    assert.equal(
        errorText(422, '{"detail":[{"loc":["body","question"],"msg":"Field required"}]}'),
        'question: Field required',
    );
    assert.equal(errorText(404, '{"detail":"Not Found"}'), 'Not Found');
    assert.equal(errorText(502, '<html>'), 'HTTP 502');
});

test('settings: only changed values are sent', () => {
    const before = { llm: { model: 'a', temperature: 0.1 }, retriever: { similarity_top_k: 3 } };
    const after = { llm: { model: 'b', temperature: 0.1 }, retriever: { similarity_top_k: 3 } };
    assert.deepEqual(changedOnly(before, after), { llm: { model: 'b' } });
    assert.deepEqual(changedOnly(before, before), {});
});
