// The one seam through which the explorer runs in parallel: oneTBB, or plain threads under
// ThreadSanitizer, which cannot see through oneTBB's own synchronisation.
#pragma once

#include <cstddef>
#include <functional>

namespace gainsay {

// Calls body(worker, begin, end) for consecutive chunks that cover [0, count); `worker` is below
// `jobs` and no two calls with the same worker run at once. Chunks are handed out in order, on
// demand. With one job everything runs on the calling thread. The first exception of a body is
// rethrown after all have ended.
void parallel_chunks(
    std::size_t count, std::size_t chunk, unsigned jobs,
    const std::function<void(unsigned worker, std::size_t begin, std::size_t end)>& body);

// The number of threads that `jobs` = 0 stands for.
unsigned default_jobs();

}  // namespace gainsay
