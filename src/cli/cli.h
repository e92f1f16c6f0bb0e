/* cli.h: one function per subcommand; each returns the process's exit status. argv[0] is the subcommand's
 * name. */
#ifndef RAG_CLI_CLI_H
#define RAG_CLI_CLI_H

int rag_cli_serve(int argc, char **argv);
int rag_cli_ui(int argc, char **argv);
int rag_cli_up(int argc, char **argv);
int rag_cli_load_data(int argc, char **argv);
int rag_cli_load_model(int argc, char **argv);
int rag_cli_ask(int argc, char **argv);
int rag_cli_nginx_conf(int argc, char **argv);
/* Not listed in --help: for the build and its tests. */
int rag_cli_print_config(int argc, char **argv);

#endif
