/* test_nginx_conf.c: the rendered configuration, and nginx's own opinion of it where nginx is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "web/web.h"

static const struct rag_nginx_opts good = {
    .listen = 8000, .api = "127.0.0.1:8001", .ui = "127.0.0.1:8002", .run_dir = "/var/run dir/x"};

static void contains(const struct rag_buf *conf, const char *text)
{
    if (!strstr(conf->p, text))
        fail_msg("no \"%s\" in:\n%s", text, conf->p);
}

static void renders(void **state)
{
    (void)state;
    struct rag_err err = {0};
    struct rag_buf conf;
    rag_buf_init(&conf, 65536);
    assert_int_equal(rag_nginx_conf(&good, &conf, &err), 0);
    contains(&conf, "listen 8000;");
    contains(&conf, "pid \"/var/run dir/x/nginx.pid\";");
    contains(&conf, "server 127.0.0.1:8001;");
    contains(&conf, "server 127.0.0.1:8002;");
    contains(&conf, "location ~ ^/(service|api|v1|rerank|docs|redoc|openapi\\.json)(/|$) {");
    contains(&conf, "location @too_large {");
    assert_null(strstr(conf.p, "@LISTEN@"));
    rag_buf_free(&conf);
}

static void refuses(void **state)
{
    (void)state;
    struct rag_nginx_opts bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].listen = 0;
    bad[1].listen = 65536;
    bad[2].run_dir = "relative";
    bad[3].run_dir = "/a\";load_module x;\"";
    bad[4].api = "127.0.0.1:8001; include /etc/passwd";
    bad[5].ui = "";
    for (size_t i = 0; i < 6; i++) {
        struct rag_err err = {0};
        struct rag_buf conf;
        rag_buf_init(&conf, 65536);
        assert_int_equal(rag_nginx_conf(&bad[i], &conf, &err), RAG_EINVAL);
        assert_true(err.msg[0]);
        assert_int_equal(conf.n, 0);
        rag_buf_free(&conf);
    }
}

static void says_when_it_does_not_fit(void **state)
{
    (void)state;
    struct rag_err err = {0};
    struct rag_buf conf;
    rag_buf_init(&conf, 100);
    assert_int_equal(rag_nginx_conf(&good, &conf, &err), RAG_ETOOBIG);
    rag_buf_free(&conf);
}

static void nginx_accepts_it(void **state)
{
    (void)state;
    if (access("/usr/sbin/nginx", X_OK) != 0)
        skip();
    char dir[] = "/tmp/pai_rag_nginx_XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct rag_nginx_opts opts = good;
    opts.run_dir = dir;
    struct rag_err err = {0};
    struct rag_buf conf;
    rag_buf_init(&conf, 65536);
    assert_int_equal(rag_nginx_conf(&opts, &conf, &err), 0);
    char path[64], command[256];
    snprintf(path, sizeof path, "%s/nginx.conf", dir);
    assert_int_equal(rag_fs_write_durable(path, conf.p, conf.n, &err), 0);
    snprintf(command, sizeof command, "/usr/sbin/nginx -t -q -e %s/nginx-error.log -p %s -c %s >&2", dir, dir,
             path);
    int status = system(command);
    rag_fs_remove_tree(dir, &err);
    rag_buf_free(&conf);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(refuses),
        cmocka_unit_test(says_when_it_does_not_fit),
        cmocka_unit_test(nginx_accepts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
