# The fuzz targets are part of a sanitized build. Of its files those that read what comes from
# outside count the branches that are taken, which leads the fuzzers; each is compiled by itself.
if(NOT GAINSAY_SANITIZE MATCHES "address" OR NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "fuzz targets need clang and -DGAINSAY_SANITIZE=address,undefined")
endif()
set(fuzz_flags -fsanitize=fuzzer-no-link)
set(readers
    engine/json.cpp engine/story.cpp engine/trace.cpp engine/trace_reader.cpp
    explorer/replay.cpp explorer/trace_content.cpp explorer/trace_file_content.cpp
    explorer/trace_history.cpp explorer/trace_page.cpp)
foreach(name datum events faults judge named_models read_edn read_json read_log read_ops reader words)
  list(APPEND readers properties/linearizability/${name}.cpp)
endforeach()
set_source_files_properties(${readers} PROPERTIES COMPILE_OPTIONS "${fuzz_flags}"
                            SKIP_UNITY_BUILD_INCLUSION ON)
