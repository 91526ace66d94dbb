# gainsay_together(TARGET FILE...): compiles files of one folder together, up to eight at once, so
# that headers are read once for them. Names in their unnamed namespaces must differ for that. Each file
# by itself with GAINSAY_UNITY=OFF.
function(gainsay_together target)
  if(NOT GAINSAY_UNITY)
    return()
  endif()
  foreach(file ${ARGN})
    get_filename_component(folder ${file} DIRECTORY)
    string(MAKE_C_IDENTIFIER "${folder}" name)
    if(NOT DEFINED ${name}_count)
      set(${name}_count 0)
    endif()
    math(EXPR part "${${name}_count} / 8")
    math(EXPR ${name}_count "${${name}_count} + 1")
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP ${name}_${part})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
