/* onnx.c: a bounds-checked reader for the part of ONNX (protocol buffers) that holds weights.
 *
 * Field numbers are those of onnx.proto (ONNX IR 10); fields that we do not use are skipped. */
#include "encoder/onnx.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct field {
    uint64_t number;
    int wire;
    uint64_t value;       /* WIRE_VARINT */
    struct rag_str bytes; /* WIRE_BYTES */
};

static bool take_varint(struct rag_str *in, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && in->n; shift += 7) {
        uint8_t byte = (uint8_t)*in->p;
        in->p++, in->n--;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_bytes(struct rag_str *in, uint64_t n, struct rag_str *out)
{
    if (n > in->n)
        return false;
    *out = (struct rag_str){in->p, (size_t)n};
    in->p += n;
    in->n -= (size_t)n;
    return true;
}

/* The next field of a message; false when the bytes are no valid field. */
static bool take_field(struct rag_str *in, struct field *f)
{
    uint64_t key, n;
    *f = (struct field){0};
    if (!take_varint(in, &key))
        return false;
    f->number = key >> 3;
    f->wire = (int)(key & 7);
    switch (f->wire) {
    case WIRE_VARINT:
        return take_varint(in, &f->value);
    case WIRE_64:
        return take_bytes(in, 8, &f->bytes);
    case WIRE_BYTES:
        return take_varint(in, &n) && take_bytes(in, n, &f->bytes);
    case WIRE_32:
        return take_bytes(in, 4, &f->bytes);
    default:
        return false;
    }
}

static bool add_dim(struct rag_onnx_tensor *t, uint64_t dim)
{
    if (dim > INT32_MAX)
        return false;
    if (t->rank < RAG_ONNX_MAX_RANK)
        t->dims[t->rank] = (int64_t)dim;
    t->rank++; /* a larger rank is noticed when the tensor is asked for */
    return true;
}

static bool add_packed_dims(struct rag_onnx_tensor *t, struct rag_str in)
{
    uint64_t dim;
    while (in.n) {
        if (!take_varint(&in, &dim) || !add_dim(t, dim))
            return false;
    }
    return true;
}

/* TensorProto */
static bool parse_tensor(struct rag_str in, struct rag_onnx_tensor *t)
{
    struct field f;
    while (in.n) {
        if (!take_field(&in, &f))
            return false;
        bool bytes = f.wire == WIRE_BYTES, varint = f.wire == WIRE_VARINT;
        if (f.number == 1 && varint) { /* dims */
            if (!add_dim(t, f.value))
                return false;
        } else if (f.number == 1 && bytes) {
            if (!add_packed_dims(t, f.bytes))
                return false;
        } else if (f.number == 2 && varint) { /* data_type */
            t->type = f.value <= INT16_MAX ? (int)f.value : 0;
        } else if ((f.number == 4 || f.number == 9) && bytes) { /* packed float_data; raw_data */
            t->raw = f.bytes;
        } else if (f.number == 5 && bytes) { /* packed int32_data */
            t->varints = f.bytes;
        } else if (f.number == 8 && bytes) {
            t->name = f.bytes;
        } else if (f.number == 14 && varint) { /* data_location */
            t->external = f.value != 0;
        }
    }
    return true;
}

/* AttributeProto: the integer value when it is called num_heads. */
static bool parse_attribute(struct rag_str in, int *heads)
{
    struct field f;
    struct rag_str name = {0};
    uint64_t value = 0;
    while (in.n) {
        if (!take_field(&in, &f))
            return false;
        if (f.number == 1 && f.wire == WIRE_BYTES)
            name = f.bytes;
        else if (f.number == 3 && f.wire == WIRE_VARINT)
            value = f.value;
    }
    if (rag_str_eqz(name, "num_heads") && value <= INT16_MAX)
        *heads = (int)value;
    return true;
}

/* NodeProto */
static bool parse_node(struct rag_str in, int *heads)
{
    struct field f;
    while (in.n) {
        if (!take_field(&in, &f) || (f.number == 5 && !parse_attribute(f.bytes, heads)))
            return false;
    }
    return true;
}

static int add_tensor(struct rag_onnx *m, const struct rag_onnx_tensor *t)
{
    if ((m->n & (m->n + 1)) == 0) { /* room is for 2^k - 1 tensors: time to double */
        void *p = realloc(m->tensors, (2 * m->n + 1) * sizeof *m->tensors);
        if (!p)
            return RAG_ENOMEM;
        m->tensors = p;
    }
    m->tensors[m->n++] = *t;
    return 0;
}

static int damaged(const struct rag_onnx *m, const char *what, struct rag_err *err)
{
    return rag_err_set(
        err, RAG_EFORMAT,
        "%s is damaged or cut short: %s cannot be read after %zu tensors; fetch the file again", m->path,
        what, m->n);
}

/* GraphProto */
static int parse_graph(struct rag_onnx *m, struct rag_str in, struct rag_err *err)
{
    struct field f;
    while (in.n) {
        if (!take_field(&in, &f))
            return damaged(m, "the graph", err);
        if (f.number == 1 && f.wire == WIRE_BYTES && !parse_node(f.bytes, &m->heads))
            return damaged(m, "a node", err);
        if (f.number == 5 && f.wire == WIRE_BYTES) {
            struct rag_onnx_tensor t = {0};
            if (!parse_tensor(f.bytes, &t))
                return damaged(m, "a tensor", err);
            if (add_tensor(m, &t))
                return rag_err_set(err, RAG_ENOMEM, "out of memory while reading %s", m->path);
        }
    }
    return 0;
}

int rag_onnx_parse(struct rag_str data, const char *path, struct rag_onnx *out, struct rag_err *err)
{
    struct field f;
    int rc = 0;
    *out = (struct rag_onnx){.path = path};
    while (data.n && rc == 0) {
        if (!take_field(&data, &f))
            rc = damaged(out, "the model", err);
        else if (f.number == 7 && f.wire == WIRE_BYTES) /* ModelProto.graph */
            rc = parse_graph(out, f.bytes, err);
    }
    if (rc == 0 && out->n == 0)
        rc = rag_err_set(err, RAG_EFORMAT, "%s holds no weights; fetch the ONNX model again", path);
    if (rc)
        rag_onnx_free(out);
    return rc;
}

void rag_onnx_free(struct rag_onnx *m)
{
    if (!m)
        return;
    free(m->tensors);
    *m = (struct rag_onnx){0};
}

const struct rag_onnx_tensor *rag_onnx_find(const struct rag_onnx *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++) {
        if (rag_str_eqz(m->tensors[i].name, name))
            return &m->tensors[i];
    }
    return NULL;
}

size_t rag_onnx_count(const struct rag_onnx_tensor *t)
{
    size_t count = 1; /* each dimension is below 2^31 and there are at most two: no overflow */
    for (int i = 0; i < t->rank; i++)
        count *= (size_t)t->dims[i];
    return count;
}

static int wrong(const struct rag_onnx *m, const struct rag_onnx_tensor *t, struct rag_err *err,
                 const char *fault)
{
    return rag_err_set(err, RAG_EFORMAT, "%s: tensor %.*s %s; fetch the file again", m->path,
                       RAG_STR_ARG(t->name), fault);
}

const struct rag_onnx_tensor *rag_onnx_get(const struct rag_onnx *m, const char *name, int rank, int64_t d0,
                                           int64_t d1, struct rag_err *err)
{
    const struct rag_onnx_tensor *t = rag_onnx_find(m, name);
    if (!t) {
        rag_err_set(err, RAG_EFORMAT,
                    "%s has no tensor %s; expected an int8 BERT encoder as ONNX Runtime's model builder "
                    "writes it",
                    m->path, name);
        return NULL;
    }
    const int64_t want[RAG_ONNX_MAX_RANK] = {d0, d1};
    if (t->rank != rank) {
        rag_err_set(err, RAG_EFORMAT, "%s: tensor %s has %d dimensions, expected %d", m->path, name, t->rank,
                    rank);
        return NULL;
    }
    for (int i = 0; i < rank && i < RAG_ONNX_MAX_RANK; i++) {
        if (t->dims[i] == 0 || (want[i] && t->dims[i] != want[i])) {
            rag_err_set(err, RAG_EFORMAT, "%s: dimension %d of tensor %s is %" PRId64 ", expected %" PRId64,
                        m->path, i + 1, name, t->dims[i], want[i]);
            return NULL;
        }
    }
    if (t->external) {
        wrong(m, t, err, "is stored in another file, which is not supported");
        return NULL;
    }
    return t;
}

/* The elements as stored, when there are exactly as many as the shape says. */
static const char *elements(const struct rag_onnx *m, const struct rag_onnx_tensor *t, size_t size,
                            struct rag_err *err)
{
    size_t want = rag_onnx_count(t) * size;
    if (t->raw.n == want)
        return t->raw.p;
    rag_err_set(err, RAG_EFORMAT, "%s: tensor %.*s holds %zu bytes, expected %zu; fetch the file again",
                m->path, RAG_STR_ARG(t->name), t->raw.n, want);
    return NULL;
}

int rag_onnx_floats(const struct rag_onnx *m, const struct rag_onnx_tensor *t, float *out,
                    struct rag_err *err)
{
    if (t->type != RAG_ONNX_FLOAT)
        return wrong(m, t, err, "does not hold 32-bit floats");
    const char *p = elements(m, t, sizeof *out, err);
    if (!p)
        return RAG_EFORMAT;
    size_t n = rag_onnx_count(t);
    memcpy(out, p,
           n * sizeof *out); /* the file does not align them; the machines we run on are little-endian */
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(out[i]))
            return wrong(m, t, err, "holds a value that is not a finite number");
    }
    return 0;
}

int rag_onnx_ints(const struct rag_onnx *m, const struct rag_onnx_tensor *t, int *out, struct rag_err *err)
{
    if (t->type != RAG_ONNX_INT8 && t->type != RAG_ONNX_UINT8)
        return wrong(m, t, err, "does not hold 8-bit integers");
    size_t n = rag_onnx_count(t);
    if (!t->varints.n) {
        const char *p = elements(m, t, 1, err);
        if (!p)
            return RAG_EFORMAT;
        for (size_t i = 0; i < n; i++)
            out[i] = t->type == RAG_ONNX_INT8 ? (int8_t)p[i] : (uint8_t)p[i];
        return 0;
    }
    const int low = t->type == RAG_ONNX_INT8 ? INT8_MIN : 0;
    const int high = t->type == RAG_ONNX_INT8 ? INT8_MAX : UINT8_MAX;
    struct rag_str in = t->varints;
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        if (!take_varint(&in, &v))
            return wrong(m, t, err, "holds fewer integers than its shape says");
        int64_t value = (int64_t)v;
        if (value < low || value > high)
            return wrong(m, t, err, "holds an integer that is out of range");
        out[i] = (int)value;
    }
    return in.n ? wrong(m, t, err, "holds more integers than its shape says") : 0;
}

const uint8_t *rag_onnx_bytes(const struct rag_onnx *m, const struct rag_onnx_tensor *t,
                              enum rag_onnx_type type, struct rag_err *err)
{
    if (t->type != (int)type) {
        wrong(m, t, err,
              type == RAG_ONNX_INT8 ? "does not hold signed 8-bit integers"
                                    : "does not hold unsigned 8-bit integers");
        return NULL;
    }
    return (const uint8_t *)elements(m, t, 1, err);
}
