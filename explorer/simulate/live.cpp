#include "explorer/simulate/live.hpp"

#include <algorithm>

#include "explorer/hunt/report.hpp"
#include "explorer/simulate/simulate.hpp"

namespace gainsay {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A command waits no longer than about this for the simulation, and the simulation no longer for
// what is due.
constexpr milliseconds slice{5};
constexpr Nanoseconds chunk_max = 3600 * second;

// What is behind by more than this is not caught up with: the simulation cannot go so fast.
constexpr milliseconds arrears_max{250};

std::uint64_t parse_speed(const std::string& text) {
  if (text == "max") return 0;
  const std::uint64_t millionths = parse_millionths(text, "speed");
  if (millionths == 0 || millionths > 1'000'000 * std::uint64_t{1'000'000}) {
    throw UsageError("speed is more than 0 and at most a million, or max");
  }
  return millionths;
}

}  // namespace

LiveSession::LiveSession(MakeModel make, LiveOptions options, std::function<void(std::string)> tell)
    : make_(std::move(make)),
      model_(make_(0, 0)),
      options_(std::move(options)),
      tell_(std::move(tell)),
      state_(options_.paused ? State::paused : State::running) {
  begin(options_.repeat ? options_.repeat->seed : options_.run.simulation.seed);
  if (!options_.repeat) return;
  run_->repeat(*options_.repeat);
  state_ = State::paused;
}

LiveSession::~LiveSession() { stop(); }

void LiveSession::start() {
  pace();
  thread_ = std::thread([this] { loop(); });
}

void LiveSession::stop() {
  {
    const auto lock = turn();
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveSession::begin(std::uint64_t seed) {
  options_.run.simulation.seed = seed;
  run_ = std::make_unique<LiveRun>(model_, options_.run);
  told_links_.clear();
  pause_at_.reset();
  chunk_ = millisecond;
  pace();
}

// From here on it goes as fast as it should.
void LiveSession::pace() {
  since_ = Clock::now();
  from_ = run_->simulation().now();
}

// A lock knows no order of those who wait for it, and a simulation that never waits would have it
// again at once.
std::unique_lock<std::mutex> LiveSession::turn() const {
  ++waiting_;
  std::unique_lock lock(mutex_);
  --waiting_;
  return lock;
}

void LiveSession::command(const std::string& text) {
  const auto lock = turn();
  if (!control(text)) {
    const LiveCommand command = parse_live_command(model_.system, text);
    if (run_->is_over()) throw UsageError("this run is over; another seed begins a new one");
    if (command.kind == LiveCommand::Kind::step) state_ = State::paused;
    run_->apply(command);
  }
  pace();
  is_news_ = true;
  changed_.notify_all();
}

// What changes the pace, and not the run.
bool LiveSession::control(const std::string& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string verb = text.substr(0, space);
  const std::string what = text.substr(std::min(space + 1, text.size()));
  if (text == "play" || text == "pause") {
    state_ = text == "play" ? State::running : State::paused;
    pause_at_.reset();
  } else if (verb == "run") {
    const Nanoseconds length = parse_duration(what, second, verb);
    const Nanoseconds now = run_->simulation().now();
    pause_at_ = now + std::min(length, nanoseconds_never - now);
    state_ = State::running;
  } else if (verb == "speed") {
    options_.speed_millionths = parse_speed(what);
  } else if (verb == "seed") {
    begin(parse_hexadecimal(what, "seed"));
  } else {
    return false;
  }
  return true;
}

// One slice; false where there is nothing to do before the next command or the next tick.
bool LiveSession::advance() {
  if (state_ == State::paused || run_->is_over()) return false;
  const Nanoseconds now = run_->simulation().now();
  const auto begin = Clock::now();
  Nanoseconds until = nanoseconds_never;
  if (options_.speed_millionths > 0) {
    const auto passed = static_cast<std::uint64_t>(nanoseconds(begin - since_).count());
    __extension__ using Wide = unsigned __int128;
    until = from_ + static_cast<Nanoseconds>(Wide{passed} * options_.speed_millionths / 1'000'000);
    if (until <= now) return false;
  }
  if (pause_at_) until = std::min(until, *pause_at_);
  run_->run_until(std::min(until, now + chunk_));
  const auto took = Clock::now() - begin;
  if (took < slice / 2) chunk_ = std::min(2 * chunk_, chunk_max);
  if (took > slice) chunk_ = std::max<Nanoseconds>(chunk_ / 2, microsecond);
  const Nanoseconds reached = run_->simulation().now();
  if (pause_at_ && reached >= *pause_at_) {
    state_ = State::paused;
    pause_at_.reset();
  }
  if (reached < until && begin - since_ > arrears_max && took > slice / 2) pace();
  is_news_ = true;
  return reached < until;
}

void LiveSession::tell_now() {
  const LiveShown shown{.state = state_ == State::paused ? "paused" : "running",
                        .speed_millionths = options_.speed_millionths};
  tell_(live_snapshot(*run_, shown, told_links_));
  is_news_ = false;
}

void LiveSession::loop() {
  std::unique_lock lock(mutex_);
  auto told = Clock::now() - options_.tell_every;
  while (!stopping_) {
    const bool has_more = advance();
    if (is_news_ && Clock::now() - told >= options_.tell_every) {
      told = Clock::now();
      tell_now();
    }
    if (has_more) {
      lock.unlock();
      while (waiting_ > 0) std::this_thread::yield();
      lock.lock();
    } else if (is_news_ || (state_ == State::running && !run_->is_over())) {
      changed_.wait_for(lock, slice);
    } else {
      changed_.wait(lock, [&] { return stopping_ || is_news_; });
    }
  }
}

LiveLog LiveSession::log() const {
  const auto lock = turn();
  return run_->log();
}

std::string LiveSession::trace() const {
  LiveRunOptions options;
  LiveLog log;
  {
    const auto lock = turn();
    options = options_.run;
    log = run_->log();
  }
  return live_trace(make_, options, log);
}

std::string LiveSession::metrics() const {
  const auto lock = turn();
  return prometheus_text(model_.system, run_->metrics(), run_->simulation().now());
}

}  // namespace gainsay
