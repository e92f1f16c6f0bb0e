/* nginx_template.h: deploy/nginx/nginx.conf.in, in the binary. */
#ifndef RAG_WEB_NGINX_TEMPLATE_H
#define RAG_WEB_NGINX_TEMPLATE_H

extern const char *const rag_nginx_template;

#endif
