#include "engine/process.hpp"

namespace gainsay {

void StepContext::send(NodeId to, Bytes message) {
  if (to.value >= place_.processes) {
    throw std::logic_error("a message is sent to process " + std::to_string(to.value) +
                           ", which does not exist");
  }
  sends_.push_back({.to = to, .message = std::move(message)});
}

std::uint32_t StepContext::choose(std::uint32_t options) {
  if (options == 0) throw std::logic_error("choose(0) has no answer");
  const std::uint32_t answer = answers_.size() < script_.size() ? script_[answers_.size()] : 0;
  if (answer >= options) throw std::logic_error("a choice has fewer options than its script");
  answers_.push_back(answer);
  options_.push_back(options);
  return answer;
}

Bytes encode_local(const LocalState& local) {
  Writer writer;
  writer.integer(static_cast<std::uint64_t>(local.status));
  writer.integer(local.timers);
  local.process->encode(writer);
  return writer.take();
}

LocalParts split_local(BytesView bytes) {
  Reader reader(bytes);
  LocalParts parts;
  const std::uint64_t status = reader.integer();
  if (status > 2) throw DecodeError("no such status of a process");
  parts.status = static_cast<LocalState::Status>(status);
  parts.timers = reader.integer();
  parts.state = reader.rest();
  return parts;
}

LocalState decode_local(const ProcessType& type, BytesView bytes) {
  const LocalParts parts = split_local(bytes);
  Reader reader(parts.state);
  LocalState local{parts.status, parts.timers, type.decode(reader)};
  if (!reader.at_end()) throw DecodeError("a local state has bytes left over");
  return local;
}

namespace {

void apply(LocalState& local, const LocalEvent& event, StepContext& context) {
  switch (event.kind) {
    case LocalEvent::Kind::start:
    case LocalEvent::Kind::restart:
      local.status = LocalState::Status::up;
      local.process->start(context);
      return;
    case LocalEvent::Kind::deliver:
      local.process->deliver(context, event.from, event.message);
      return;
    case LocalEvent::Kind::timer:
      context.clear_timer(event.timer);  // one-shot
      local.process->fire(context, event.timer);
      return;
    case LocalEvent::Kind::crash:
      return;  // no handler runs
  }
}

}  // namespace

StepResult run_event(LocalState& local, const LocalEvent& event, const StepContext::Place& place,
                     std::span<const std::uint32_t> script) {
  StepResult result;
  if (event.kind == LocalEvent::Kind::crash) {
    local.process->crash();
    local.status = LocalState::Status::down;
    local.timers = 0;
    return result;
  }
  StepContext context(place, local.timers, script);
  try {
    apply(local, event, context);
  } catch (const ExpectationFailed& failure) {
    result.fault = StepResult::Fault::expectation;
    result.message = failure.what();
  } catch (const std::exception& failure) {
    result.fault = StepResult::Fault::exception;
    result.message = failure.what();
  } catch (...) {
    result.fault = StepResult::Fault::exception;
    result.message = "the handler threw something that is no std::exception";
  }
  local.timers = context.timers();
  result.sends = context.sends();
  result.labels = context.labels();
  result.answers = context.answers();
  result.options = context.options();
  return result;
}

bool next_script(std::vector<std::uint32_t>& answers, const std::vector<std::uint32_t>& options) {
  answers.resize(options.size());
  while (!answers.empty()) {
    const std::size_t last = answers.size() - 1;
    if (answers[last] + 1 < options[last]) {
      ++answers[last];
      return true;
    }
    answers.pop_back();
  }
  return false;
}

}  // namespace gainsay
