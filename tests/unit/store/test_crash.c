/* test_crash.c: a process is killed in the middle of writing, again and again; what it acknowledged is there,
 * and nothing is there in half. */
#include "helper.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { ROUNDS = 12 };

/* Child: puts documents of 1 to 9 chunks, replaces and deletes some, and tells after each return which number
 * is done. */
static void write_for_ever(struct fixture *f, int to)
{
    static const char *const text[] = {"one 一", "two 二",   "three 三", "four 四", "five 五",
                                       "six 六", "seven 七", "eight 八", "nine 九", NULL};
    open_store(f);
    for (int i = 0;; i++) {
        const char *path;
        struct rag_store_put p =
            put_of(&f->a, f->index, rag_arena_printf(&f->a, "%d.txt", i % 40), (unsigned)i, text + i % 9);
        if (put(f, p))
            _exit(1);
        if (i % 7 == 6 && rag_store_document_delete(f->s, &f->a, doc_id(f, p.name), &path, &f->err))
            _exit(1);
        if (write(to, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

/* Starts the child, kills it some time after its first acknowledgement, and returns the last one. */
static int run_and_kill(struct fixture *f, int round)
{
    int fds[2], last = -1, i, status;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        write_for_ever(f, fds[1]);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &last, sizeof last), sizeof last);
    struct timespec wait = {0, (1 + round * 7) * 1000000L};
    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    while (read(fds[0], &i, sizeof i) == sizeof i)
        last = i;
    close(fds[0]);
    return last;
}

static bool listed(struct fixture *f, int number, int64_t *chunks)
{
    struct rag_document *v;
    size_t n;
    const char *name = rag_arena_printf(&f->a, "%d.txt", number % 40);
    assert_ok(f, rag_store_document_list(f->s, &f->a, NULL, NULL, 0, 0, &v, &n, NULL, &f->err));
    for (size_t i = 0; i < n; i++)
        if (!strcmp(v[i].name, name)) {
            *chunks = v[i].chunks;
            return true;
        }
    return false;
}

static void nothing_acknowledged_is_lost_and_nothing_is_half(void **state)
{
    struct fixture *f = *state;
    rag_store_close(f->s);
    f->s = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t chunks = 0;
        int last = run_and_kill(f, round);
        open_store(f);
        assert_ok(f, rag_store_check(f->s, &f->err));
        /* The step after the last acknowledged one touches another document. */
        bool there = listed(f, last, &chunks);
        assert_int_equal(there, last % 7 != 6);
        if (there)
            assert_int_equal(chunks, 9 - last % 9);
        rag_store_close(f->s);
        f->s = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost_and_nothing_is_half, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
