# Puts the built page and the nginx template into rag_web. The page is built by tools/setup/build_ui.sh when needed.
if(NOT TARGET rag_web)
  return()
endif()
get_target_property(web_type rag_web TYPE)
if(NOT web_type STREQUAL "STATIC_LIBRARY")
  return()
endif()

add_executable(embed tools/build/embed.c)
target_link_libraries(embed PRIVATE rag_base PkgConfig::zlib)

set(web_dir ${CMAKE_BINARY_DIR}/web)
file(MAKE_DIRECTORY ${web_dir})
file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/ui/src/*)
list(APPEND page_sources ${CMAKE_SOURCE_DIR}/ui/index.html ${CMAKE_SOURCE_DIR}/ui/vite.config.ts
  ${CMAKE_SOURCE_DIR}/ui/package-lock.json)

add_custom_command(OUTPUT ${web_dir}/page.c
  COMMAND ${CMAKE_SOURCE_DIR}/tools/setup/build_ui.sh
  COMMAND embed page ${CMAKE_SOURCE_DIR}/ui/dist ${web_dir}/page.c
  DEPENDS embed ${page_sources} ${CMAKE_SOURCE_DIR}/tools/setup/build_ui.sh
  COMMENT "Page" VERBATIM)
add_custom_command(OUTPUT ${web_dir}/nginx_template.c
  COMMAND embed text ${CMAKE_SOURCE_DIR}/deploy/nginx/nginx.conf.in rag_nginx_template web/nginx_template.h
          ${web_dir}/nginx_template.c
  DEPENDS embed ${CMAKE_SOURCE_DIR}/deploy/nginx/nginx.conf.in
  COMMENT "nginx template" VERBATIM)
target_sources(rag_web PRIVATE ${web_dir}/page.c ${web_dir}/nginx_template.c)
