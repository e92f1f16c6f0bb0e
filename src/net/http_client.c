/* http_client.c: HTTP client on libcurl; idle handles keep their connections open for the next call. */
#include "net/http_client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/limits.h"

enum {
    MAX_IDLE_HANDLES = 64,
    MAX_CONNECTIONS = 4, /* kept per handle */
    CONNECT_TIMEOUT_MS = 10000,
    IDLE_TIMEOUT_S = 60,
};

struct rag_http_client {
    pthread_mutex_t lock;
    CURL *idle[MAX_IDLE_HANDLES]; /* a stack: the one used last has the warmest connection */
    int n_idle;
    CURLSH *share; /* host names looked up by one handle serve all */
    pthread_mutex_t share_lock;
};

/* One call under way. */
struct exchange {
    const struct rag_http_call *call;
    CURL *curl;
    struct rag_buf head;
    struct rag_buf *reply;
    FILE *body; /* of call->body_path */
    long status;
    size_t received;
    double last_byte, last_poll; /* monotonic seconds */
    curl_off_t sent;
    int idle_s;
    bool head_done;
    int rc; /* why a callback stopped the transfer, or 0 */
};

static void lock_share(CURL *curl, curl_lock_data data, curl_lock_access access, void *ud)
{
    (void)curl, (void)data, (void)access;
    pthread_mutex_lock(ud);
}

static void unlock_share(CURL *curl, curl_lock_data data, void *ud)
{
    (void)curl, (void)data;
    pthread_mutex_unlock(ud);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_rc;

static void init_curl(void)
{
    global_rc = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int rag_http_client_open(struct rag_http_client **out, struct rag_err *err)
{
    *out = NULL;
    pthread_once(&once, init_curl);
    if (global_rc != CURLE_OK)
        return rag_err_set(err, RAG_EINTERNAL, "cannot start libcurl: %s", curl_easy_strerror(global_rc));
    struct rag_http_client *c = calloc(1, sizeof *c);
    CURLSH *share = curl_share_init();
    if (!c || !share) {
        free(c);
        curl_share_cleanup(share);
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the HTTP client");
    }
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->share_lock, NULL);
    c->share = share;
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock_share);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock_share);
    curl_share_setopt(share, CURLSHOPT_USERDATA, &c->share_lock);
    curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    *out = c;
    return 0;
}

void rag_http_client_close(struct rag_http_client *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->n_idle; i++)
        curl_easy_cleanup(c->idle[i]);
    curl_share_cleanup(c->share);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->share_lock);
    free(c);
}

/* ---- borrowing a handle ---- */

static CURL *borrow(struct rag_http_client *c)
{
    pthread_mutex_lock(&c->lock);
    CURL *curl = c->n_idle > 0 ? c->idle[--c->n_idle] : NULL;
    pthread_mutex_unlock(&c->lock);
    return curl ? curl : curl_easy_init();
}

static void give_back(struct rag_http_client *c, CURL *curl)
{
    curl_easy_reset(curl); /* forgets headers and keys, keeps the connections */
    pthread_mutex_lock(&c->lock);
    if (c->n_idle < MAX_IDLE_HANDLES) {
        c->idle[c->n_idle++] = curl;
        curl = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    curl_easy_cleanup(curl);
}

/* ---- callbacks of libcurl ---- */

static int stop(struct exchange *x, int rc)
{
    x->rc = rc;
    return rc;
}

/* The head is complete: interim replies (1xx) are skipped. */
static void end_head(struct exchange *x)
{
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->status);
    if (x->status >= 200) {
        x->head_done = true;
        if (x->call->on_head && x->call->on_head(x->call->ud, (int)x->status, rag_buf_str(&x->head)) != 0)
            stop(x, RAG_ECANCELED);
    }
    rag_buf_reset(&x->head);
}

static size_t on_header(char *p, size_t size, size_t n, void *ud)
{
    struct exchange *x = ud;
    n *= size;
    x->last_byte = rag_clock_mono_s();
    if (x->head_done) /* a trailer */
        return n;
    if (rag_buf_add(&x->head, p, n) != 0)
        return stop(x, x->head.err) ? 0 : n;
    if (n <= 2 && (p[0] == '\r' || p[0] == '\n'))
        end_head(x);
    return x->rc ? 0 : n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ud)
{
    struct exchange *x = ud;
    n *= size;
    x->last_byte = rag_clock_mono_s();
    x->received += n;
    if (x->received > x->call->max_reply)
        return stop(x, RAG_ETOOBIG) ? 0 : n;
    if (x->call->on_data && x->status >= 200 && x->status < 300) {
        if (x->call->on_data(x->call->ud, (struct rag_str){p, n}) != 0)
            return stop(x, RAG_ECANCELED) ? 0 : n;
    } else if (x->reply && rag_buf_add(x->reply, p, n) != 0) {
        return stop(x, x->reply->err) ? 0 : n;
    }
    return n;
}

/* A body out of a file; seeking back happens when a kept connection turns out to be dead. */
static size_t read_body(char *p, size_t size, size_t n, void *ud)
{
    FILE *body = ud;
    n = fread(p, 1, size * n, body);
    return ferror(body) ? CURL_READFUNC_ABORT : n;
}

static int seek_body(void *ud, curl_off_t offset, int origin)
{
    return fseeko(ud, offset, origin) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* libcurl calls this at least about once a second, also when nothing moves. */
static int on_progress(void *ud, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total;
    struct exchange *x = ud;
    double now = rag_clock_mono_s();
    if (up != x->sent) {
        x->sent = up;
        x->last_byte = now;
    }
    if (now - x->last_byte > x->idle_s)
        return stop(x, RAG_ETIMEOUT);
    if (x->call->on_idle && now - x->last_poll >= 0.5) {
        x->last_poll = now;
        if (x->call->on_idle(x->call->ud) != 0)
            return stop(x, RAG_ECANCELED);
    }
    return 0;
}

/* ---- setting up ---- */

/* Host and port of a URL for messages: what else it holds may be secret. */
static void host_of(const char *url, char *out, size_t cap)
{
    const char *p = strstr(url, "://");
    p = p ? p + 3 : url;
    size_t n = strcspn(p, "/?#");
    for (const char *at; (at = memchr(p, '@', n));) { /* user and password */
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    snprintf(out, cap, "%.*s", (int)(n < cap ? n : cap - 1), p);
}

static bool is_http(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static CURLcode set_file_body(CURL *curl, FILE *body)
{
    struct stat st;
    if (fstat(fileno(body), &st) != 0)
        return CURLE_READ_ERROR;
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)st.st_size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, body);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
    return curl_easy_setopt(curl, CURLOPT_SEEKDATA, body);
}

static CURLcode set_body(CURL *curl, const struct rag_http_call *call, FILE *body)
{
    if (body) {
        CURLcode rc = set_file_body(curl, body);
        return rc ? rc : curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    }
    if (strcmp(call->method, "GET") == 0 && !call->body.n)
        return CURLE_OK;
    if (strcmp(call->method, "HEAD") == 0)
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.p ? call->body.p : "");
    return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static CURLcode set_headers(CURL *curl, const char *const *headers, struct curl_slist **list)
{
    /* No waiting for "100 Continue": it costs a round trip. */
    *list = curl_slist_append(NULL, "Expect:");
    for (; *list && headers && *headers; headers++) {
        struct curl_slist *longer = curl_slist_append(*list, *headers);
        if (!longer)
            return CURLE_OUT_OF_MEMORY;
        *list = longer;
    }
    return *list ? curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *list) : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_up(struct rag_http_client *c, struct exchange *x, struct curl_slist **list)
{
    CURL *curl = x->curl;
    const struct rag_http_call *call = x->call;
    int connect_ms = call->connect_timeout_ms > 0 ? call->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_SHARE, c->share);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
    CURLcode rc = set_headers(curl, call->headers, list);
    if (rc == CURLE_OK)
        rc = set_body(curl, call, x->body);
    return rc == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_URL, call->url) : rc;
}

/* Nothing of this machine goes through a proxy of the environment; what else does is the user's choice. */
static void bypass_proxy_for_local(CURL *curl, const char *host)
{
    static const char *const local[] = {"localhost", "127.", "[::1]"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (strncasecmp(host, local[i], strlen(local[i])) == 0)
            curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
}

static int explain(const struct exchange *x, CURLcode rc, const char *host, struct rag_err *err)
{
    switch (x->rc) {
    case 0:
        break;
    case RAG_ETIMEOUT:
        return rag_err_set(err, RAG_ETIMEOUT, "%s sent nothing for %d seconds", host, x->idle_s);
    case RAG_ETOOBIG:
        return rag_err_set(err, RAG_ETOOBIG, "the reply of %s is larger than %zu bytes", host,
                           x->call->max_reply);
    case RAG_ECANCELED:
        return rag_err_set(err, RAG_ECANCELED, "the request to %s was canceled", host);
    default:
        return rag_err_set(err, x->rc, "cannot receive the reply of %s: %s", host, rag_err_text(x->rc));
    }
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return rag_err_set(err, RAG_ENET, "cannot find the host %s: check the address and the network", host);
    case CURLE_COULDNT_CONNECT:
        return rag_err_set(err, RAG_ENET, "cannot connect to %s: is the service running there?", host);
    case CURLE_OPERATION_TIMEDOUT:
        return rag_err_set(err, RAG_ETIMEOUT, "no connection to %s in time", host);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return rag_err_set(err, RAG_ENET, "%s closed the connection before its reply was complete", host);
    case CURLE_PEER_FAILED_VERIFICATION:
        return rag_err_set(err, RAG_ENET, "the TLS certificate of %s cannot be verified", host);
    case CURLE_URL_MALFORMAT:
        return rag_err_set(err, RAG_EINVAL, "the address of %s is malformed", host);
    case CURLE_OUT_OF_MEMORY:
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the request to %s", host);
    default:
        return rag_err_set(err, RAG_ENET, "request to %s failed: %s", host, curl_easy_strerror(rc));
    }
}

int rag_http_client_call(struct rag_http_client *c, const struct rag_http_call *call, int *status,
                         struct rag_buf *reply, struct rag_err *err)
{
    char host[300];
    if (status)
        *status = 0;
    if (!is_http(call->url))
        return rag_err_set(err, RAG_EINVAL, "expected an address that begins with http:// or https://");
    host_of(call->url, host, sizeof host);

    struct exchange x = {.call = call, .curl = borrow(c), .reply = reply};
    if (!x.curl)
        return rag_err_set(err, RAG_ENOMEM, "not enough memory for the request to %s", host);
    if (call->body_path && !(x.body = fopen(call->body_path, "rbe"))) {
        give_back(c, x.curl);
        return rag_err_set(err, RAG_EIO, "cannot read the request body: %s", strerror(errno));
    }
    struct curl_slist *headers = NULL;
    rag_buf_init(&x.head, 4 * RAG_LIMIT_HTTP_HEADERS);
    x.idle_s = call->idle_timeout_s > 0 ? call->idle_timeout_s : IDLE_TIMEOUT_S;
    x.last_byte = x.last_poll = rag_clock_mono_s();
    CURLcode rc = set_up(c, &x, &headers);
    if (rc == CURLE_OK) {
        bypass_proxy_for_local(x.curl, host);
        rc = curl_easy_perform(x.curl);
    }
    if (status)
        *status = (int)x.status;
    int result = rc == CURLE_OK ? 0 : explain(&x, rc, host, err);
    give_back(c, x.curl);
    curl_slist_free_all(headers);
    rag_buf_free(&x.head);
    if (x.body)
        fclose(x.body);
    return result;
}
