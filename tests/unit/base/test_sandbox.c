/* test_sandbox.c: what a child is started with, and what a locked process may not do. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/sandbox.h"

/* ---- starting ---- */

/* Runs a shell script as the child, gives it in as descriptor 3, returns what it wrote to descriptor 4. */
static int run_script(const char *script, int in, char *said, size_t cap)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};
    struct rag_sandbox_child child;
    struct rag_err err = {0};
    size_t n = 0;
    ssize_t got;
    int status;
    assert_int_equal(rag_sandbox_start("/bin/sh", argv, in, &child, &err), 0);
    while (n + 1 < cap && (got = read(child.out_fd, said + n, cap - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = '\0';
    rag_sandbox_end(&child, &status);
    assert_int_equal(child.pid, -1);
    assert_int_equal(child.out_fd, -1);
    return status;
}

static int file_with(const char *text)
{
    char path[] = "/tmp/rag_test_sandbox_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void test_child_gets_file_and_pipe(void **state)
{
    (void)state;
    char said[256];
    int in = file_with("hello from the file");
    int status = run_script("cat <&3 >&4; exit 7", in, said, sizeof(said));
    assert_string_equal(said, "hello from the file");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    close(in);
}

static void test_child_gets_nothing_else(void **state)
{
    (void)state;
    char said[4096];
    int in = file_with("x"), leaked[40];
    for (int i = 0; i < 40; i++) /* without O_CLOEXEC, as a careless library would */
        leaked[i] = open("/dev/null", O_RDONLY);
    setenv("RAG_TEST_SECRET", "s3cret", 1);
    /* The shell and ls may open some of their own, but not forty. */
    run_script("ls /proc/self/fd >&4", in, said, sizeof(said));
    for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strtol(line, NULL, 10), 0, 10);
    run_script("echo \"<$RAG_TEST_SECRET><$HOME><$LD_PRELOAD>\" >&4", in, said, sizeof(said));
    assert_string_equal(said, "<><><>\n");
    run_script("readlink /proc/$$/fd/0 >&4; cut -d' ' -f1,5,6 /proc/$$/stat >&4", in, said, sizeof(said));
    assert_int_equal(strncmp(said, "/dev/null\n", 10), 0);
    int pid, group, session;
    assert_int_equal(sscanf(said + 10, "%d %d %d", &pid, &group, &session), 3);
    assert_int_equal(pid, group);
    assert_int_equal(pid, session);
    for (int i = 0; i < 40; i++)
        close(leaked[i]);
    close(in);
}

static void test_a_program_that_is_missing(void **state)
{
    (void)state;
    char *argv[] = {"x", NULL};
    struct rag_sandbox_child child;
    struct rag_err err = {0};
    assert_int_equal(rag_sandbox_start("/nonexistent/pai_rag_parse", argv, 0, &child, &err), RAG_EIO);
    assert_string_equal(err.msg, "cannot run /nonexistent/pai_rag_parse: No such file or directory");
    assert_int_equal(child.pid, -1);
    assert_int_equal(child.out_fd, -1);
}

static void test_end_kills(void **state)
{
    (void)state;
    char *argv[] = {"sleep", "1000", NULL};
    struct rag_sandbox_child child;
    struct rag_err err = {0};
    int status;
    double start = rag_clock_mono_s();
    assert_int_equal(rag_sandbox_start("/bin/sleep", argv, 0, &child, &err), 0);
    rag_sandbox_end(&child, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_true(rag_clock_mono_s() - start < 10);
}

static void *start_many(void *ud)
{
    (void)ud;
    for (int i = 0; i < 10; i++) {
        char said[64];
        int in = file_with("thread");
        assert_int_equal(run_script("cat <&3 >&4", in, said, sizeof(said)), 0);
        assert_string_equal(said, "thread");
        close(in);
    }
    return NULL;
}

static void test_threads_start_children_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* ---- the lock ---- */

static volatile char g_sink;

/* Runs act in a locked child; its exit status, or minus the signal that ended it. */
static int locked(int (*act)(int fd))
{
    char path[] = "/tmp/rag_test_sandbox_XXXXXX";
    int fd = mkstemp(path), status;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "content", 7), 7);
    pid_t pid = fork();
    if (pid == 0) {
        rag_sandbox_lock(64 * RAG_MIB, 1);
        _exit(act(fd));
    }
    waitpid(pid, &status, 0);
    close(fd);
    unlink(path);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int act_read(int fd)
{
    char text[8] = "";
    return pread(fd, text, 7, 0) == 7 && !strcmp(text, "content") && malloc(1 << 20) ? 42 : 1;
}

static int act_open(int fd)
{
    (void)fd;
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 13 : 0;
}

static int act_write(int fd)
{
    return write(fd, "more", 4) == 4 ? 0 : 1;
}

static int act_memory(int fd)
{
    char *volatile p = malloc(2048u * RAG_MIB);
    (void)fd;
    return p ? 0 : 12;
}

static int act_socket(int fd)
{
    (void)fd;
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int act_fork(int fd)
{
    (void)fd;
    return fork() >= 0 ? 0 : 1;
}

static void *thread_main(void *ud)
{
    return ud;
}

static int act_thread(int fd)
{
    pthread_t t;
    (void)fd;
    return pthread_create(&t, NULL, thread_main, NULL) == 0 ? 0 : 1;
}

static int act_exec(int fd)
{
    char *const argv[] = {"true", NULL};
    (void)fd;
    execve("/bin/true", argv, argv + 1);
    return 0;
}

static int act_code(int fd)
{
    (void)fd;
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
                   MAP_FAILED
               ? 0
               : 1;
}

static int act_make_code(int fd)
{
    (void)fd;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : 1;
}

static int act_kill(int fd)
{
    (void)fd;
    return kill(getpid(), 0) == 0 ? 0 : 1;
}

static int act_loop(int fd)
{
    while (fd >= 0)
        g_sink++;
    return 0;
}

static void test_locked_process_can_work(void **state)
{
    (void)state;
    assert_int_equal(locked(act_read), 42);
}

static void test_locked_process_is_confined(void **state)
{
    (void)state;
    assert_int_equal(locked(act_open), 13);
    assert_int_equal(locked(act_write), -SIGXFSZ);
    assert_int_equal(locked(act_socket), -SIGSYS);
    assert_int_equal(locked(act_fork), -SIGSYS);
    assert_int_equal(locked(act_thread), -SIGSYS);
    assert_int_equal(locked(act_exec), -SIGSYS);
    assert_int_equal(locked(act_code), -SIGSYS);
    assert_int_equal(locked(act_make_code), -SIGSYS);
    assert_int_equal(locked(act_kill), -SIGSYS);
    assert_int_equal(locked(act_loop), -SIGXCPU);
}

static void test_locked_process_gets_no_more_memory(void **state)
{
    (void)state;
    if (RAG_UNDER_ASAN)
        skip(); /* AddressSanitizer needs the address space that the lock would take */
    assert_int_equal(locked(act_memory), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_gets_file_and_pipe),
        cmocka_unit_test(test_child_gets_nothing_else),
        cmocka_unit_test(test_a_program_that_is_missing),
        cmocka_unit_test(test_end_kills),
        cmocka_unit_test(test_threads_start_children_at_once),
        cmocka_unit_test(test_locked_process_can_work),
        cmocka_unit_test(test_locked_process_is_confined),
        cmocka_unit_test(test_locked_process_gets_no_more_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
