# gainsay_embed(TARGET FILE): makes the page part of the library. It is built by web/ and committed, so
# that this needs no Node.
function(gainsay_embed target file)
  set(input ${PROJECT_SOURCE_DIR}/${file})
  set(output ${PROJECT_BINARY_DIR}/page_html.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output}
            -P ${PROJECT_SOURCE_DIR}/cmake/write_page.cmake
    DEPENDS ${input} ${PROJECT_SOURCE_DIR}/cmake/write_page.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
