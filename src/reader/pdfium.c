/* pdfium.c: finds libpdfium.so and its functions. */
#include "reader/pdfium.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/fs.h"

#ifndef RAG_PDFIUM_BUILD_PATH
#define RAG_PDFIUM_BUILD_PATH ""
#endif

struct rag_pdfium rag_pdfium;

static void *open_library(char *last_error, size_t cap)
{
    char dir[3072], path[4096];
    static const char *const beside[] = {"%s/libpdfium.so", "%s/../lib/pai_rag/libpdfium.so"};
    void *library = NULL;
    if (rag_fs_exe_dir(dir, sizeof(dir)))
        for (int i = 0; i < 2 && !library; i++) {
            snprintf(path, sizeof(path), beside[i], dir);
            if (rag_fs_exists(path))
                library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        }
    if (!library && *RAG_PDFIUM_BUILD_PATH != '\0')
        library = dlopen(RAG_PDFIUM_BUILD_PATH, RTLD_NOW | RTLD_LOCAL);
    const char *why = library ? NULL : dlerror();
    snprintf(last_error, cap, "%s", why ? why : "no such file");
    return library;
}

static bool find_functions(void *library, const char **missing)
{
#define XX(type, name, args)                                                                                 \
    *missing = #name;                                                                                        \
    *(void **)&rag_pdfium.name = dlsym(library, #name);                                                      \
    if (!rag_pdfium.name)                                                                                    \
        return false;
    RAG_PDFIUM_FUNCTIONS(XX)
#undef XX
    return true;
}

int rag_pdfium_load(struct rag_err *err)
{
    static bool loaded;
    char why[256];
    const char *missing;
    if (loaded)
        return 0;
    void *library = open_library(why, sizeof(why));
    if (!library)
        return rag_err_set(err, RAG_EUNSUPPORTED,
                           "PDF files cannot be read: libpdfium.so is missing (%s): run `make deps`", why);
    if (!find_functions(library, &missing)) {
        dlclose(library);
        return rag_err_set(err, RAG_EUNSUPPORTED, "PDF files cannot be read: libpdfium.so has no %s",
                           missing);
    }
    /* Without font folders PDFium looks for no system font, which a locked process could not open anyway.
     * Text needs no outlines: encodings and widths are in the file or built in. */
    static const char *no_fonts[] = {NULL};
    struct fpdf_config config = {.version = 2, .font_paths = no_fonts};
    rag_pdfium.FPDF_InitLibraryWithConfig(&config);
    loaded = true;
    return 0;
}
