/* net_test.h: a raw socket client for the tests of the HTTP server: sends bytes, reads what comes. */
#ifndef NET_TEST_H
#define NET_TEST_H

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

static inline int raw_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* Stops quietly when the server has closed: it may do so on purpose. */
static inline void raw_send_n(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        p += k;
        n -= (size_t)k;
    }
}

static inline void raw_send(int fd, const char *text)
{
    raw_send_n(fd, text, strlen(text));
}

/* Reads until text has come (or the peer closed, or ms passed); appends to out. True when it came. */
static inline bool raw_until(int fd, struct rag_buf *out, const char *text, int ms)
{
    double end = rag_clock_mono_s() + ms / 1000.0;
    size_t text_n = text ? strlen(text) : 0, searched = 0;
    for (;;) {
        if (text && out->n >= text_n && memmem(out->p + searched, out->n - searched, text, text_n))
            return true;
        searched = out->n > text_n ? out->n - text_n : 0;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int left = (int)((end - rag_clock_mono_s()) * 1000);
        if (left <= 0 || poll(&p, 1, left) <= 0)
            return false;
        char block[65536];
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n <= 0)
            return text == NULL;
        rag_buf_add(out, block, (size_t)n);
    }
}

/* Sends one request, closes; the whole reply in a static buffer. */
static inline const char *raw_ask_n(int port, const char *request, size_t n)
{
    static struct rag_buf reply;
    if (!reply.max)
        rag_buf_init(&reply, 64 << 20);
    rag_buf_reset(&reply);
    int fd = raw_connect(port);
    raw_send_n(fd, request, n);
    raw_until(fd, &reply, NULL, 5000);
    close(fd);
    return reply.p ? reply.p : "";
}

static inline const char *raw_ask(int port, const char *request)
{
    return raw_ask_n(port, request, strlen(request));
}

static inline bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

#endif
