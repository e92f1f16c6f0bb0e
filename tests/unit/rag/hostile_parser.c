/* hostile_parser.c: a parser that has been taken over: test_parse.c runs it in place of pai_rag_parse.
 *
 * The file's extension says what it does. An act that the sandbox should have stopped ends in a proper END
 * frame, so that the test sees a success where there must be none. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/sandbox.h"
#include "reader/wire.h"

extern char **environ;

/* ---- frames ---- */

static void put(const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = write(4, (const char *)p + done, n - done);
        if (w <= 0)
            _exit(99);
        done += (size_t)w;
    }
}

static void greet(void)
{
    put(RAG_WIRE_GREETING, RAG_WIRE_GREETING_LEN);
}

static void frame_head(unsigned type, size_t n)
{
    unsigned char head[RAG_WIRE_HEAD_LEN];
    rag_wire_put(rag_wire_put(head, type, 1), n, 4);
    put(head, sizeof(head));
}

static void frame(unsigned type, const void *p, size_t n)
{
    frame_head(type, n);
    put(p, n);
}

static void number_frame(unsigned type, uint32_t a, uint32_t b, int numbers)
{
    unsigned char p[8];
    rag_wire_put(rag_wire_put(p, a, 4), b, 4);
    frame(type, p, (size_t)numbers * 4);
}

static void end(void)
{
    number_frame(RAG_WIRE_END, 1, 0, 1);
}

static void block_head(unsigned char head[RAG_WIRE_BLOCK_LEN], unsigned kind, unsigned level, uint64_t page)
{
    memset(head, 0, RAG_WIRE_BLOCK_LEN);
    head[0] = (unsigned char)kind;
    head[1] = (unsigned char)level;
    rag_wire_put(head + 2, page, 4);
}

static void block(unsigned kind, unsigned level, uint64_t page, const char *text, size_t n)
{
    unsigned char head[RAG_WIRE_BLOCK_LEN];
    block_head(head, kind, level, page);
    frame_head(RAG_WIRE_BLOCK, sizeof(head) + n);
    put(head, sizeof(head));
    put(text, n);
}

/* ---- acts behind the lock: return when they were not stopped ---- */

static void refused_or_success(bool refused)
{
    if (refused)
        _exit(13);
    greet();
    end();
}

static void act_open(void)
{
    refused_or_success(open("/etc/passwd", O_RDONLY) < 0);
}

static void act_create(void)
{
    refused_or_success(open("/tmp/rag_hostile", O_CREAT | O_WRONLY, 0600) < 0);
}

static void act_socket(void)
{
    refused_or_success(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static void act_exec(void)
{
    char *const argv[] = {"true", NULL};
    refused_or_success(execve("/bin/true", argv, environ) < 0);
}

static void act_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        pause();
    refused_or_success(pid < 0);
}

static void act_memory(void)
{
    char *volatile p = malloc(2048u * RAG_MIB);
    refused_or_success(!p);
}

static void act_loop(void)
{
    for (volatile int i = 0; i >= 0; i = !i)
        ;
}

static void act_crash(void)
{
    raise(SIGSEGV);
}

static void act_abort(void)
{
    abort();
}

/* Sleeps without using processor time, after a proper start. */
static void act_sleep(void)
{
    struct timespec long_time = {.tv_sec = 1000};
    greet();
    number_frame(RAG_WIRE_PROGRESS, 1, 10, 2);
    nanosleep(&long_time, NULL);
}

/* ---- bad streams ---- */

static void act_flood(void)
{
    static char text[512 * 1024];
    memset(text, 'x', sizeof(text));
    greet();
    for (;;)
        block(RAG_BLOCK_TEXT, 0, 1, text, sizeof(text));
}

static void act_progressing(void)
{
    greet();
    for (;;)
        number_frame(RAG_WIRE_PROGRESS, 1, 10, 2);
}

static void act_version(void)
{
    put("pai_rag_parse 2\n", 16);
    end();
}

static void act_truncated(void)
{
    greet();
    block(RAG_BLOCK_TEXT, 0, 1, "whole", 5);
    frame_head(RAG_WIRE_BLOCK, 1000);
    put("half", 4);
}

static void act_noend(void)
{
    greet();
    block(RAG_BLOCK_TEXT, 0, 1, "whole", 5);
}

static void act_oversized(void)
{
    greet();
    frame_head(RAG_WIRE_BLOCK, 0xFFFFFFFFu);
}

static void act_type(void)
{
    greet();
    frame(200, "x", 1);
    end();
}

static void act_kind(void)
{
    greet();
    block(77, 0, 1, "x", 1);
    end();
}

static void act_level(void)
{
    greet();
    block(RAG_BLOCK_HEADING, 7, 1, "x", 1);
    end();
}

static void act_page(void)
{
    greet();
    block(RAG_BLOCK_TEXT, 0, 0x80000000u, "x", 1);
    end();
}

static void act_short(void)
{
    greet();
    frame(RAG_WIRE_BLOCK, "x", 1);
    end();
}

static void act_part(void)
{
    greet();
    frame(RAG_WIRE_PART, "x", 1);
    end();
}

static void act_endless(void)
{
    greet();
    number_frame(RAG_WIRE_END, 0xFFFFFFFFu, 0, 1);
}

/* Says that somebody is not authorized, which is not for a parser to say. */
static void act_code(void)
{
    unsigned char p[8];
    rag_wire_put(p, (uint32_t)RAG_EAUTH, 4);
    memcpy(p + 4, "no\xFF!", 4);
    greet();
    frame(RAG_WIRE_ERROR, p, sizeof(p));
}

/* Legal, but dirty and in pieces: must arrive clean and whole. */
static void act_dirty(void)
{
    static const char nan_box[] = "\0\0\xC0\x7F";
    unsigned char head[RAG_WIRE_BLOCK_LEN];
    greet();
    block_head(head, RAG_BLOCK_TEXT, 0, 3);
    memcpy(head + 6, nan_box, 4);
    frame_head(RAG_WIRE_BLOCK, sizeof(head) + 4);
    put(head, sizeof(head));
    put("ab\xE4\xB8", 4);
    frame(RAG_WIRE_PART, "\xAD\0\xFF", 3);
    frame(RAG_WIRE_PART, "cd", 2);
    frame(RAG_WIRE_TITLE, "t\xFE", 2);
    frame(RAG_WIRE_WARNING, "careful", 7);
    block(RAG_BLOCK_TEXT, 0, 1, "", 0);
    end();
}

/* Tells which descriptors are open and how large the environment is. */
static void act_inside(void)
{
    char text[256] = "";
    int variables = 0;
    while (environ[variables])
        variables++;
    for (int fd = 0; fd < 1000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", fd);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "environment %d", variables);
    greet();
    block(RAG_BLOCK_TEXT, 0, 1, text, strlen(text));
    end();
}

static const struct act {
    const char *name;
    void (*run)(void);
    bool unlocked; /* needs what the lock forbids, to look around */
} acts[] = {
    {"open", act_open, false},       {"create", act_create, false},
    {"socket", act_socket, false},   {"exec", act_exec, false},
    {"fork", act_fork, false},       {"memory", act_memory, false},
    {"loop", act_loop, false},       {"crash", act_crash, true},
    {"abort", act_abort, false},     {"sleep", act_sleep, false},
    {"flood", act_flood, false},     {"progressing", act_progressing, false},
    {"version", act_version, false}, {"truncated", act_truncated, false},
    {"noend", act_noend, false},     {"oversized", act_oversized, false},
    {"type", act_type, false},       {"kind", act_kind, false},
    {"level", act_level, false},     {"page", act_page, false},
    {"short", act_short, false},     {"part", act_part, false},
    {"endless", act_endless, false}, {"code", act_code, false},
    {"dirty", act_dirty, false},     {"inside", act_inside, true},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(acts[0]); i++)
        if (!strcmp(argv[1], acts[i].name)) {
            if (!acts[i].unlocked)
                rag_sandbox_lock(256 * RAG_MIB, 1);
            acts[i].run();
            _exit(0);
        }
    _exit(98);
}
