#include "engine/process.hpp"

namespace gainsay {

DiskCrash crash_of(std::span<const std::uint32_t> answers) {
  if (answers.empty() || answers.back() >> 31 == 0) return {};
  return {.at = (answers.back() >> 20) & disk_points_max, .lost = answers.back() & versions_max};
}

std::span<const std::uint32_t> choices_of(std::span<const std::uint32_t> answers) {
  return answers.first(answers.size() - (crash_of(answers).at == 0 ? 0 : 1));
}

void add_crash(std::vector<std::uint32_t>& answers, DiskCrash crash) {
  if (crash.at != 0) answers.push_back((std::uint32_t{1} << 31) | (crash.at << 20) | crash.lost);
}

void StepContext::begin(Place place, std::uint64_t timers, RandomStream* draws) {
  place_ = place;
  timers_ = timers;
  times_ = {};
  ignores_ticks_ = false;
  script_ = {};
  scripted_crash_ = {};
  draws_ = draws;
  synced_ = false;
  process_ = nullptr;
  may_crash_ = false;
  crashed_ = false;
  moved_ = false;
  set_.clear();
  versions_.clear();
  points_.clear();
  unsynced_sends_.clear();
  sends_.clear();
  sent_values_.clear();
  labels_.clear();
  answers_.clear();
  options_.clear();
}

void StepContext::require_receiver(NodeId to) const {
  if (to.value < place_.processes) return;
  throw std::logic_error("a message is sent to process " + std::to_string(to.value) +
                         ", which does not exist");
}

void StepContext::send_value(NodeId to, std::unique_ptr<MessageValue> message) {
  require_receiver(to);
  sent_values_.push_back({.to = to, .message = std::move(message)});
}

void StepContext::send(NodeId to, Bytes message) {
  stop_if_crashed();
  require_receiver(to);
  if (process_ != nullptr) {
    moved_ = true;
    Writer durable;
    process_->encode_durable(durable);
    const bool safe = versions_.size() == 1 && versions_.back() == durable.bytes();
    if (!safe) unsynced_sends_.push_back(static_cast<std::uint32_t>(sends_.size()));
  }
  sends_.push_back({.to = to, .message = std::move(message)});
}

void StepContext::label(Label::Kind kind, Bytes value) {
  stop_if_crashed();
  moved_ = true;
  labels_.push_back({.kind = kind, .value = std::move(value)});
}

std::uint32_t StepContext::choose(std::uint32_t options) {
  stop_if_crashed();
  if (options == 0) throw std::logic_error("choose(0) has no answer");
  std::uint32_t answer = 0;
  if (answers_.size() < script_.size()) {
    answer = script_[answers_.size()];
  } else if (draws_ != nullptr) {
    answer = draws_->below(options);
  }
  if (answer >= options) throw std::logic_error("a choice has fewer options than its script");
  answers_.push_back(answer);
  options_.push_back(options);
  return answer;
}

void StepContext::use_disk(const Process& process, std::vector<Bytes> versions, bool may_crash) {
  process_ = &process;
  versions_ = std::move(versions);
  may_crash_ = may_crash;
}

// What a crash may leave is a set, so of equal versions one is enough: the last.
bool StepContext::add_version() {
  Writer durable;
  process_->encode_durable(durable);
  if (versions_.back() == durable.bytes()) return false;
  std::erase(versions_, durable.bytes());
  versions_.push_back(durable.take());
  if (versions_.size() > versions_max) throw std::logic_error("too many writes are not synced");
  return true;
}

void StepContext::pass_point() {
  moved_ = false;
  if (!may_crash_) return;
  if (points_.size() == disk_points_max) throw std::logic_error("too many disk operations");
  points_.push_back({.choices = static_cast<std::uint32_t>(answers_.size()),
                     .versions = static_cast<std::uint32_t>(versions_.size())});
  if (scripted_crash_.at != points_.size() || scripted_crash_.lost >= versions_.size()) return;
  add_crash(answers_, scripted_crash_);
  versions_.resize(versions_.size() - scripted_crash_.lost);
  crashed_ = true;
  throw Crashed{};
}

void StepContext::write() {
  stop_if_crashed();
  if (process_ != nullptr && add_version()) pass_point();
}

// A crash before the first write of a handler that has sent nothing is one before the event.
void StepContext::sync() {
  stop_if_crashed();
  synced_ = true;
  if (process_ == nullptr) return;
  const bool wrote = add_version();
  if (wrote || (moved_ && versions_.size() > 1)) pass_point();
  versions_.erase(versions_.begin(), versions_.end() - 1);
}

void StepContext::end_writes() {
  if (process_ != nullptr) add_version();
}

namespace {

// Added to the status.
constexpr std::uint64_t has_unsynced = 4;
constexpr std::uint64_t has_times = 8;

// Of a LocalState or LocalParts.
template <class Local>
void write_head(Writer& writer, const Local& local) {
  writer.integer(static_cast<std::uint64_t>(local.status) +
                 (local.unsynced.empty() ? 0 : has_unsynced) +
                 (local.times.empty() ? 0 : has_times));
  writer.integer(local.timers);
  if (!local.unsynced.empty()) {
    writer.integer(local.unsynced.size());
    for (const auto& version : local.unsynced) writer.text(version);
  }
  if (local.times.empty()) return;
  writer.integer(local.times.all().size());
  for (const TimeLeft& one : local.times.all()) {
    writer.integer(one.timer);
    writer.integer(one.left.least);
    writer.integer(one.left.most);
  }
}

Times read_times(Reader& reader) {
  Times times;
  for (std::uint64_t left = reader.integer(); left > 0; --left) {
    TimeLeft one{.timer = static_cast<std::uint8_t>(reader.integer()), .left = {}};
    one.left.least = static_cast<std::uint32_t>(reader.integer());
    one.left.most = static_cast<std::uint32_t>(reader.integer());
    times.push_back(one);
  }
  return times;
}

}  // namespace

Bytes encode_local(const LocalState& local) {
  Writer writer;
  write_head(writer, local);
  local.process->encode(writer);
  return writer.take();
}

Bytes join_local(const LocalParts& parts) {
  Writer writer;
  write_head(writer, parts);
  writer.raw(parts.state);
  return writer.take();
}

LocalParts split_local(BytesView bytes) {
  Reader reader(bytes);
  LocalParts parts;
  const std::uint64_t status = reader.integer();
  if (status % has_unsynced > 2 || status >= 2 * has_times) {
    throw DecodeError("no such status of a process");
  }
  parts.status = static_cast<LocalState::Status>(status % has_unsynced);
  parts.timers = reader.integer();
  if ((status & has_unsynced) != 0) {
    for (std::uint64_t left = reader.integer(); left > 0; --left) {
      parts.unsynced.push_back(reader.text());
    }
  }
  if ((status & has_times) != 0) parts.times = read_times(reader);
  parts.state = reader.rest();
  return parts;
}

LocalState decode_local(const ProcessType& type, BytesView bytes) {
  const LocalParts parts = split_local(bytes);
  Reader reader(parts.state);
  LocalState local{parts.status, parts.timers, type.decode(reader), {}, parts.times};
  for (const BytesView version : parts.unsynced) local.unsynced.emplace_back(version);
  if (!reader.at_end()) throw DecodeError("a local state has bytes left over");
  return local;
}

namespace {

struct Fault {
  StepResult::Fault fault = StepResult::Fault::none;
  std::string message;
};

void apply(LocalState& local, const LocalEvent& event, StepContext& context) {
  switch (event.kind) {
    case LocalEvent::Kind::start:
    case LocalEvent::Kind::restart:
      local.status = LocalState::Status::up;
      local.process->start(context);
      return;
    case LocalEvent::Kind::deliver:
      if (event.value != nullptr) {
        local.process->deliver_value(context, event.from, *event.value);
      } else {
        local.process->deliver(context, event.from, event.message);
      }
      return;
    case LocalEvent::Kind::timer:
      context.clear_timer(event.timer);  // one-shot
      local.process->fire(context, event.timer);
      return;
    case LocalEvent::Kind::crash:
      return;  // no handler runs
  }
}

// The step boundary: what a handler throws becomes a fault.
Fault apply_and_catch(LocalState& local, const LocalEvent& event, StepContext& context) {
  try {
    apply(local, event, context);
    context.end_writes();
    return {};
  } catch (const ExpectationFailed& failure) {
    return {StepResult::Fault::expectation, failure.what()};
  } catch (const std::exception& failure) {
    return {StepResult::Fault::exception, failure.what()};
  } catch (...) {
    return {StepResult::Fault::exception, "the handler threw something that is no std::exception"};
  }
}

std::vector<Bytes> versions_of(const LocalState& local) {
  std::vector<Bytes> versions = local.unsynced;
  Writer durable;
  local.process->encode_durable(durable);
  versions.push_back(durable.take());
  return versions;
}

void keep_unsynced(LocalState& local, const StepContext& context) {
  local.unsynced = context.versions();
  if (!local.unsynced.empty()) local.unsynced.pop_back();
}

// REQUIRES: `left` is one of the versions that the disk may hold.
void go_down(LocalState& local, const Bytes& left) {
  local.process->crash();
  local.process->restore(left);
  local.status = LocalState::Status::down;
  local.timers = 0;
  local.times = {};
  local.unsynced.clear();
}

// A crash that loses nothing has no answers.
StepResult crash(LocalState& local, std::span<const std::uint32_t> script) {
  StepResult result;
  const std::vector<Bytes> versions = versions_of(local);
  const auto count = static_cast<std::uint32_t>(versions.size());
  result.points.push_back({.choices = 0, .versions = count, .least = 1});
  const DiskCrash scripted = crash_of(script);
  const std::uint32_t lost = scripted.at == 1 && scripted.lost < count ? scripted.lost : 0;
  if (lost > 0) add_crash(result.answers, scripted);
  go_down(local, versions[count - 1 - lost]);
  return result;
}

}  // namespace

StepResult run_event(LocalState& local, const LocalEvent& event, const StepContext::Place& place,
                     std::span<const std::uint32_t> script) {
  if (event.kind == LocalEvent::Kind::crash) return crash(local, script);
  StepResult result;
  StepContext context(place, local.timers, script);
  context.run_timers(local.times);
  if (place.unsynced) {
    context.use_disk(*local.process, versions_of(local), event.kind != LocalEvent::Kind::start);
  }
  Fault caught = apply_and_catch(local, event, context);
  result.fault = caught.fault;
  result.message = std::move(caught.message);
  if (context.crashed()) {
    result.fault = StepResult::Fault::none;
    result.message.clear();
    go_down(local, context.versions().back());
  } else {
    local.timers = context.timers();
    local.times = context.times();
    keep_unsynced(local, context);
  }
  result.sends = context.sends();
  result.labels = context.labels();
  result.answers = context.answers();
  result.options = context.options();
  result.points = context.points();
  result.unsynced_sends = context.unsynced_sends();
  result.ignores_ticks = context.ignores_ticks();
  return result;
}

StepResult::Fault run_in_place(LocalState& local, const LocalEvent& event, StepContext& context,
                               std::string& message) {
  const bool keeps_versions = context.place().unsynced;
  if (keeps_versions) {
    context.use_disk(*local.process, versions_of(local), event.kind != LocalEvent::Kind::start);
  }
  Fault caught = apply_and_catch(local, event, context);
  local.timers = context.timers();
  if (keeps_versions) keep_unsynced(local, context);
  message = std::move(caught.message);
  return caught.fault;
}

// At a point to go on comes first, then to crash there and lose nothing, then to lose more.
bool next_script(std::vector<std::uint32_t>& script, const StepResult& step) {
  const std::span<const std::uint32_t> choices = choices_of(step.answers);
  script.assign(choices.begin(), choices.end());
  const DiskCrash crash = crash_of(step.answers);
  for (std::size_t point = step.points.size();;) {
    while (point > 0 && step.points[point - 1].choices == script.size()) {
      const DiskPoint& at = step.points[point - 1];
      const std::uint32_t lost = crash.at == point ? crash.lost + 1 : at.least;
      if (lost < at.versions) {
        add_crash(script, {.at = static_cast<std::uint32_t>(point), .lost = lost});
        return true;
      }
      --point;
    }
    if (script.empty()) return false;
    if (script.back() + 1 < step.options[script.size() - 1]) {
      ++script.back();
      return true;
    }
    script.pop_back();
  }
}

}  // namespace gainsay
