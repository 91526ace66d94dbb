#include "explorer/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#ifndef GAINSAY_THREADS_STD
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#endif

namespace gainsay {

namespace {

// Runs task(worker) once for each worker, all at the same time as far as there are threads.
void run_workers(unsigned jobs, const std::function<void(unsigned)>& task) {
#ifdef GAINSAY_THREADS_STD
  std::vector<std::thread> threads;
  for (unsigned worker = 1; worker < jobs; ++worker) threads.emplace_back(task, worker);
  task(0);
  for (std::thread& thread : threads) thread.join();
#else
  // More jobs than cores are allowed: the answers do not depend on it.
  const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, jobs);
  tbb::task_arena arena(static_cast<int>(jobs));
  arena.execute([&] {
    tbb::task_group group;
    for (unsigned worker = 1; worker < jobs; ++worker) {
      group.run([&task, worker] { task(worker); });
    }
    task(0);
    group.wait();
  });
#endif
}

}  // namespace

void parallel_chunks(std::size_t count, std::size_t chunk, unsigned jobs,
                     const std::function<void(unsigned, std::size_t, std::size_t)>& body) {
  const std::size_t chunks = (count + chunk - 1) / chunk;
  if (jobs <= 1 || chunks <= 1) {
    for (std::size_t begin = 0; begin < count; begin += chunk) {
      body(0, begin, std::min(begin + chunk, count));
    }
    return;
  }
  std::atomic<std::size_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  run_workers(jobs, [&](unsigned worker) {
    try {
      for (std::size_t i = next.fetch_add(1); i < chunks; i = next.fetch_add(1)) {
        body(worker, i * chunk, std::min((i + 1) * chunk, count));
      }
    } catch (...) {  // kept at the task's edge
      next.store(chunks);
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
}

unsigned default_jobs() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace gainsay
