# find_package(gainsay) gives gainsay::gainsay.
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.81)
find_dependency(TBB)
find_dependency(Threads)
find_dependency(nlohmann_json 3.11)
find_dependency(PkgConfig)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
include(${CMAKE_CURRENT_LIST_DIR}/gainsayTargets.cmake)
