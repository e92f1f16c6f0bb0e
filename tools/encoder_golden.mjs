// Writes the golden files of tests/unit/encoder with engines that are not ours: Hugging Face's tokenizers (Rust) and
// ONNX Runtime. In a scratch folder outside the tree:
//
//   npm install onnxruntime-node@1.30.0 @anush008/tokenizers@0.6.0
//   python3 TREE/tools/encoder_golden.py MODEL_DIR/model.onnx float.onnx
//   node TREE/tools/encoder_golden.mjs MODEL_DIR/tokenizer.json float.onnx TREE/tests/unit/encoder
//
// One JSON value per line. golden_tokens.jsonl: a small vocabulary, then {text, ids} for it. golden_vectors.jsonl:
// {text, ids, vector} for the real model; vector is int16 in hexadecimal, most significant digit first, of the unit
// vector's components times 32767 / their largest magnitude (a cosine does not see the factor).
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.cwd(), "x"));
const { Tokenizer } = require("@anush008/tokenizers");
const ort = require("onnxruntime-node");
const [tokenizerPath, modelPath, outDir] = process.argv.slice(2);

// ---- tokenizers

const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "##a", "##b", "##c", "a", "b", "c",
  "the", "hello", "world", "cafe", "naive", "resume", "strasse", "##straße", "straße", "中", "文", "国", "##中", "你", "好",
  "ok", "##ok", "1", "##2", "2024", "[", "]", "sep", ".", ",", "!", "?", "-", "_", "$", "+", "<", "`", "。", "，", "！", "“", "「",
  "—", "か", "##か", "カ", "き", "ᄀ", "##ᅡ", "😀", "ο", "##σ", "σ", "й", "и", "ß", "i", "##i", "x", "##x", "々", "ⅳ", "μ", "£", "²",
  "##²", "豈", "更", "ﬁ", "𠀀"];

const base = JSON.parse(fs.readFileSync(tokenizerPath, "utf8"));
base.normalizer = { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
const withVocabulary = (vocab) => {
  const id = (t) => vocab[t];
  const json = structuredClone(base);
  json.model.vocab = vocab;
  json.added_tokens = []; // text is never a special token to us
  json.post_processor = null;
  if ([id("[CLS]"), id("[SEP]"), id("[UNK]")].some((x) => x === undefined)) throw new Error("special tokens missing");
  return Tokenizer.fromString(JSON.stringify(json));
};
const small = withVocabulary(Object.fromEntries(vocabulary.map((t, i) => [t, i])));
const real = withVocabulary(base.model.vocab);
const idsOf = async (tokenizer, text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();

const cases = ["", " ", " \t\r\n  ", "hello world", "HELLO World", "unaffable", "UNAFFABLE", "unaffablex", "the hello, world!",
  "café", "cafe\u0301", "naïve résumé", "RÉSUMÉ", "Straße", "STRASSE", "ẞ", "中文", "hello中文world", "你好，世界。", "中国ok中", "ok中ok2024",
  "12", "2024", "a-b_c", "a$b+c<a`b", "…", "[SEP]", "[sep] [CLS]", "a\u0000b", "a\u0001b\u007fc", "a\ufeffb", "a\u200bb",
  "a\u200db", "a\u00adb", "a\u0085b", "a\u00a0b", "a\u3000b", "a\u2028b", "a\u202fb", "a\u000bb", "a\u000cb", "a\ufffdb", "a\ue000b",
  "😀", "a😀", "👩\u200d💻", "❤\ufe0f", "か", "が", "がか", "カ", "ガ", "가", "각", "ΟΣ", "ὀδός", "й", "И", "İ", "I", "ı", "µ", "Ⅳ", "£²",
  "x²", "豈", "更", "ﬁ", "𠀀𠀀", "𫝀a", "々", "“中”", "「好」", "a—b", "ᾳ", "\u0301", "a\u0301\u0301", "\u0903a", "a".repeat(100), "a".repeat(101),
  "ab".repeat(50), "é".repeat(100), "é".repeat(101), "中".repeat(120), ("x".repeat(100) + " ").repeat(3), "a\u0378b", "\ud83e\udee8a"];

// ---- texts for the vectors

const chinese = "检索增强生成先从知识库中找出与问题相关的段落，再让大语言模型只根据这些段落作答，并给出引用。这样既能利用最新的资料，又能让读者核对每一句话的出处。";
const english = "Retrieval augmented generation looks up passages that are related to a question, hands them to a language model, and asks it to answer from nothing else. ";
const texts = ["", "如何申请退款？", "为这个句子生成表示以用于检索相关文章：公司年假有多少天", "What is the capital of France?",
  "员工入职满一年后享有五天带薪年假，满十年后十天，满二十年后十五天。", "The quick brown fox jumps over the lazy dog.",
  "服务器 CPU 使用率超过 90% 时，请先检查 MySQL 的慢查询日志，然后重启 nginx。", "PostgreSQL 15 与 pgvector 0.8：CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops);",
  "ÀÉÎÕÜ naïve café — 混合文本，with “引号” and emoji 😀。", "１２３４５６ 全角ＡＢＣ、ｶﾀｶﾅ、ひらがな、한국어", chinese, english,
  chinese.repeat(6), english.repeat(9)];

function hex(vector) {
  const top = Math.max(...vector.map(Math.abs));
  return vector.map((x) => (Math.round((x / top) * 32767) & 0xffff).toString(16).padStart(4, "0")).join("");
}

async function main() {
  const tokenLines = [JSON.stringify(vocabulary)];
  for (const text of cases) tokenLines.push(JSON.stringify({ text, ids: await idsOf(small, text) }));
  fs.writeFileSync(path.join(outDir, "golden_tokens.jsonl"), tokenLines.join("\n") + "\n");

  const session = await ort.InferenceSession.create(modelPath);
  const tensor = (values) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
  const vectorLines = [];
  for (const text of texts) {
    const ids = await idsOf(real, text);
    const input = [base.model.vocab["[CLS]"], ...ids, base.model.vocab["[SEP]"]];
    const feeds = { input_ids: tensor(input), attention_mask: tensor(input.map(() => 1)), token_type_ids: tensor(input.map(() => 0)) };
    const { sentence_embedding: out } = await session.run(feeds);
    vectorLines.push(JSON.stringify({ text, ids, vector: hex(Array.from(out.data)) }));
  }
  for (const text of cases) vectorLines.push(JSON.stringify({ text, ids: await idsOf(real, text) }));
  fs.writeFileSync(path.join(outDir, "golden_vectors.jsonl"), vectorLines.join("\n") + "\n");
}
await main();
