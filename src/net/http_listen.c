/* http_listen.c: the listening socket of the HTTP server. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include "net/http_internal.h"

enum { BACKLOG = 511 };

static int listen_on(const struct addrinfo *address)
{
    int fd =
        socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -1;
    const int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6) /* "::" takes IPv4 too */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

/* Only one address is bound; for a name that has both kinds, clients expect IPv4 to work. */
static int listen_on_first(const struct addrinfo *list)
{
    static const int families[] = {AF_INET, AF_INET6};
    errno = EADDRNOTAVAIL;
    for (int i = 0; i < 2; i++)
        for (const struct addrinfo *a = list; a; a = a->ai_next) {
            if (a->ai_family != families[i])
                continue;
            int fd = listen_on(a);
            if (fd >= 0 || errno == EADDRINUSE || errno == EACCES)
                return fd;
        }
    return -1;
}

int rag_http_listen(const char *host, int port, struct rag_err *err)
{
    if (!host || !*host)
        host = "0.0.0.0";
    if (port < 0 || port > 65535)
        return rag_err_set(err, RAG_EINVAL, "expected a port between 0 and 65535, not %d", port);
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return rag_err_set(err, RAG_EINVAL,
                           "cannot listen on \"%s\": %s; use an address of this machine, such as 127.0.0.1 "
                           "or 0.0.0.0",
                           host, gai_strerror(rc));
    int fd = listen_on_first(list);
    int fault = errno;
    freeaddrinfo(list);
    if (fd >= 0)
        return fd;
    if (fault == EADDRINUSE)
        return rag_err_set(err, RAG_EBUSY,
                           "port %d is already in use: stop the other program or choose another port with -p",
                           port);
    if (fault == EACCES)
        return rag_err_set(err, RAG_EFORBIDDEN,
                           "no right to listen on port %d: choose a port above 1023 with -p", port);
    return rag_err_set(err, RAG_EINVAL, "cannot listen on %s port %d: %s", host, port, strerror(fault));
}

int rag_http_bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        return -1;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0; /* a Unix socket has none */
}
