# Instruction sets of the encoder's kernels: each file gets its own flags, the program chooses at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(src/encoder/kernels_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
  set_source_files_properties(src/encoder/kernels_avx512.c PROPERTIES COMPILE_OPTIONS "-mavx512f;-mavx512dq;-mfma")
endif()
