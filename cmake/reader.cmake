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

if(TARGET pai_rag_parse)
  # A link beside the executable, so that the build folder works as an installation does. Set-up may come later.
  add_custom_command(TARGET pai_rag_parse POST_BUILD VERBATIM
    COMMAND ln -sf ${pdfium_library} $<TARGET_FILE_DIR:pai_rag_parse>/libpdfium.so)
endif()

if(EXISTS ${CMAKE_SOURCE_DIR}/tests/unit/rag/hostile_parser.c)
  add_executable(pai_rag_parse_hostile tests/unit/rag/hostile_parser.c)
  target_link_libraries(pai_rag_parse_hostile PRIVATE rag_base)
endif()
