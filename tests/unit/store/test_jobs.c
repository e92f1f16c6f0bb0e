/* test_jobs.c: the queue of files: order, states, restarts, poison files, what a task says. */
#include "helper.h"

static const char TASK[] = "0123456789abcdef0123456789abcdef";

static void submit(struct fixture *f, const char *task, int n)
{
    struct rag_store_job_file *v = rag_arena_array(&f->a, (size_t)n, sizeof *v);
    for (int i = 0; i < n; i++)
        v[i] = (struct rag_store_job_file){.name = rag_arena_printf(&f->a, "%d.txt", i),
                                           .stored_path = "files/x",
                                           .sha256 = "abc",
                                           .size = 10 + i};
    assert_ok(f, rag_store_job_create(f->s, task, f->index, v, (size_t)n, &f->err));
}

static struct rag_store_job_file *take(struct fixture *f, size_t max, size_t want)
{
    struct rag_store_job_file *v;
    size_t n;
    assert_ok(f, rag_store_job_take(f->s, &f->a, max, &v, &n, &f->err));
    assert_int_equal(n, want);
    return v;
}

static struct rag_task task(struct fixture *f, const char *id)
{
    struct rag_task t;
    assert_ok(f, rag_store_task_get(f->s, &f->a, id, &t, NULL, &f->err));
    return t;
}

static void check_counts(struct fixture *f, int waiting, int running)
{
    int w, r;
    assert_ok(f, rag_store_job_counts(f->s, &w, &r, &f->err));
    assert_int_equal(w, waiting);
    assert_int_equal(r, running);
}

static void files_are_taken_in_order_and_once(void **state)
{
    struct fixture *f = *state;
    submit(f, TASK, 3);
    check_counts(f, 3, 0);
    struct rag_store_job_file *v = take(f, 2, 2);
    assert_string_equal(v[0].name, "0.txt");
    assert_string_equal(v[0].task_id, TASK);
    assert_string_equal(v[0].stored_path, "files/x");
    assert_string_equal(v[0].sha256, "abc");
    assert_int_equal(v[0].index_id, f->index);
    assert_int_equal(v[0].attempts, 0);
    assert_int_equal(v[1].size, 11);
    check_counts(f, 1, 2);
    assert_string_equal(take(f, 5, 1)->name, "2.txt");
    take(f, 5, 0);
}

static void a_put_completes_its_file(void **state)
{
    struct fixture *f = *state;
    submit(f, TASK, 1);
    struct rag_store_put p = put_of(&f->a, f->index, "0.txt", 1, TEXTS("x", "y"));
    p.job_file_id = take(f, 1, 1)->id;
    p.warning = "page 3 has no text";
    p.pages = 4;
    assert_int_equal(task(f, TASK).state, RAG_TASK_PROCESSING);
    assert_ok(f, put(f, p));
    struct rag_task t = task(f, TASK);
    assert_int_equal(t.state, RAG_TASK_COMPLETED);
    assert_null(t.detail);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.id, TASK);
    assert_string_equal(t.files[0].doc_id, doc_id(f, "0.txt"));
    assert_string_equal(t.files[0].warning, "page 3 has no text");
    assert_null(t.files[0].error);
    assert_int_equal(t.files[0].stage, RAG_STAGE_DONE);
    assert_int_equal(t.files[0].pages, 4);
    assert_int_equal(t.files[0].chunks, 2);
    assert_false(t.files[0].duplicate);
}

static void a_task_tells_what_failed(void **state)
{
    struct fixture *f = *state;
    int64_t *ids;
    struct rag_task t;
    submit(f, TASK, 3);
    struct rag_store_job_file *v = take(f, 3, 3);
    assert_ok(f, put(f, put_of(&f->a, f->index, "same.txt", 1, TEXTS("x"))));
    assert_ok(f, rag_store_job_fail(f->s, v[0].id, "is empty", &f->err));
    assert_ok(f, rag_store_job_duplicate(f->s, v[1].id, doc_id(f, "same.txt"), &f->err));
    assert_ok(f, rag_store_task_get(f->s, &f->a, TASK, &t, &ids, &f->err));
    assert_int_equal(t.state, RAG_TASK_PROCESSING);
    assert_int_equal(ids[2], v[2].id);
    assert_ok(f, rag_store_job_fail(f->s, v[2].id, "is broken", &f->err));
    t = task(f, TASK);
    assert_int_equal(t.state, RAG_TASK_FAILED);
    assert_string_equal(t.detail, "0.txt: is empty\n2.txt: is broken");
    assert_true(t.files[1].duplicate);
    assert_int_equal(t.files[1].chunks, 1);
    assert_int_equal(t.files[1].state, RAG_TASK_COMPLETED);
    /* What is finished stays as it is. */
    assert_ok(f, rag_store_job_fail(f->s, v[1].id, "too late", &f->err));
    assert_int_equal(task(f, TASK).files[1].state, RAG_TASK_COMPLETED);
    assert_int_equal(rag_store_task_get(f->s, &f->a, "nothing", &t, NULL, &f->err), RAG_ENOTFOUND);
}

static void released_files_wait_again_without_blame(void **state)
{
    struct fixture *f = *state;
    submit(f, TASK, 1);
    for (int i = 0; i < 5; i++) {
        struct rag_store_job_file *v = take(f, 1, 1);
        assert_int_equal(v->attempts, 0);
        assert_ok(f, rag_store_job_release(f->s, v->id, &f->err));
        reopen(f);
    }
    check_counts(f, 1, 0);
}

/* Two files run when the process dies. From then on they are taken one by one, so that only the one that
 * kills it three times is given up. */
static void a_file_that_kills_the_service_is_given_up(void **state)
{
    struct fixture *f = *state;
    submit(f, TASK, 2);
    take(f, 2, 2);
    reopen(f);
    check_counts(f, 2, 0);
    assert_int_equal(take(f, 2, 1)->attempts, 1);
    reopen(f);
    assert_int_equal(take(f, 2, 1)->attempts, 2);
    reopen(f);
    struct rag_task t = task(f, TASK);
    assert_int_equal(t.files[0].state, RAG_TASK_FAILED);
    assert_string_equal(t.files[0].error, "the service stopped three times while processing this file");
    assert_int_equal(t.files[1].state, RAG_TASK_PROCESSING);
    assert_string_equal(take(f, 2, 1)->name, "1.txt");
}

static void jobs_of_unknown_indexes_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rag_store_job_file file = {.name = "a", .stored_path = "p", .sha256 = "s"};
    assert_int_equal(rag_store_job_create(f->s, TASK, f->index + 5, &file, 1, &f->err), RAG_ENOTFOUND);
}

static void old_finished_tasks_go_and_waiting_ones_stay(void **state)
{
    struct fixture *f = *state;
    struct rag_task t;
    submit(f, "waiting", 1);
    submit(f, "finished", 2);
    struct rag_store_job_file *v = take(f, 3, 3);
    assert_ok(f, rag_store_job_fail(f->s, v[1].id, "x", &f->err));
    assert_ok(f, rag_store_job_fail(f->s, v[2].id, "x", &f->err));
    submit(f, "many", 10000);
    assert_int_equal(task(f, "waiting").n, 1);
    assert_int_equal(task(f, "many").n, 10000);
    assert_int_equal(rag_store_task_get(f->s, &f->a, "finished", &t, NULL, &f->err), RAG_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_taken_in_order_and_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_put_completes_its_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_task_tells_what_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(released_files_wait_again_without_blame, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_kills_the_service_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(jobs_of_unknown_indexes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(old_finished_tasks_go_and_waiting_ones_stay, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
