# pai_rag_parse: where PDFium is, and the programs that misbehave for the tests of the sandbox.

# Set-up puts libpdfium.so into .deps; PDFIUM_ROOT (environment or -D) names a folder with another one.
set(PDFIUM_ROOT "$ENV{PDFIUM_ROOT}" CACHE PATH "Folder with libpdfium.so (or lib/libpdfium.so)")
set(pdfium_library ${RAG_DEPS_DIR}/pdfium/lib/libpdfium.so)
if(PDFIUM_ROOT)
  find_file(PDFIUM_LIBRARY libpdfium.so PATHS ${PDFIUM_ROOT} ${PDFIUM_ROOT}/lib NO_DEFAULT_PATH REQUIRED)
  set(pdfium_library ${PDFIUM_LIBRARY})
endif()
set_source_files_properties(src/reader/pdfium.c PROPERTIES
  COMPILE_DEFINITIONS RAG_PDFIUM_BUILD_PATH="${pdfium_library}")
