#include <algorithm>
#include <charconv>

#include "engine/type.hpp"
#include "properties/linearizability/models.hpp"
#include "properties/linearizability/recording.hpp"
#include "properties/linearizability/words.hpp"

namespace gainsay::linearizability {

namespace {

[[noreturn]] void refuse(const RecordedOperation& recorded, const std::string& why) {
  throw HistoryError("line " + std::to_string(recorded.line) + ": " + recorded.function + ": " +
                     why);
}

// Of what has no other result than that it was done: nothing, that word, or what was asked again.
void refuse_other_answer(const RecordedOperation& recorded) {
  if (recorded.outcome != Outcome::ok || recorded.answer.is_nil()) return;
  const std::string answer = to_value(recorded.answer);
  if (answer == to_value(recorded.argument) || answer == "true" || answer == "\"ok" ||
      answer == ":ok") {
    return;
  }
  if (answer == "false") refuse(recorded, "that was not done is an operation that failed");
  refuse(recorded, "was answered by something else than it asked for");
}

void require_answer(const RecordedOperation& recorded) {
  if (recorded.outcome == Outcome::ok && !recorded.answered) refuse(recorded, "has no result");
}

bool named(const RecordedOperation& recorded, std::initializer_list<const char*> names) {
  return std::ranges::find(names, recorded.function) != names.end();
}

// What a model makes of an operation.
template <class M>
struct Meaning {
  typename M::Operation operation = {};
  typename M::Result result = {};  // where it returned
  bool counts = true;              // else it says nothing
};
template <class M>
using Translation = Meaning<M> (*)(const RecordedOperation&);

template <class M>
NamedModel named_model(std::string name, std::string functions, Translation<M> translate) {
  NamedModel result{.name = name, .functions = std::move(functions), .model = make_model<M>(name)};
  result.add = [translate](const RecordedOperation& recorded, TimedHistory& history) {
    if (recorded.outcome == Outcome::rejected) return;
    const Meaning<M> meaning = translate(recorded);
    if (!meaning.counts) return;
    const bool open = recorded.outcome == Outcome::open;
    history.add(recorded.client, encoded(meaning.operation),
                open ? std::nullopt : std::optional(encoded(meaning.result)), recorded.invoked,
                open ? never : recorded.returned, recorded.object);
  };
  result.describe = [](const Kind& kind) {
    return words(
        decoded<typename M::Operation>(kind.call),
        kind.result ? std::optional(decoded<typename M::Result>(*kind.result)) : std::nullopt);
  };
  result.describe_state = [](BytesView state) {
    return state_words(
        gainsay::describe(type_of<typename M::State>(), state, [](NodeId) { return ""; }));
  };
  return result;
}

Meaning<models::CasRegister> cas_register(const RecordedOperation& recorded) {
  using Action = models::CasRegister::Action;
  if (named(recorded, {"cas", "compare-and-set"})) {
    if (recorded.argument.kind != Datum::Kind::list || recorded.argument.items.size() != 2) {
      refuse(recorded, "needs two values, [expected new]");
    }
    refuse_other_answer(recorded);
    return Meaning<models::CasRegister>{
        {.action = Action::compare_and_set,
         .value = to_value(recorded.argument.items[1]),
         .expected = to_value(recorded.argument.items[0])},
        models::CasRegister::Result{.changed = recorded.outcome != Outcome::failed}};
  }
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  if (named(recorded, {"read", "r", "get"})) {
    require_answer(recorded);
    return Meaning<models::CasRegister>{{}, models::CasRegister::Result{to_value(recorded.answer)}};
  }
  if (named(recorded, {"write", "w", "put"})) {
    refuse_other_answer(recorded);
    return Meaning<models::CasRegister>{
        {.action = Action::write, .value = to_value(recorded.argument)}};
  }
  refuse(recorded, "is no operation of a register");
}

Meaning<models::CasRegister> plain_register(const RecordedOperation& recorded) {
  auto meaning = cas_register(recorded);
  if (meaning.counts && meaning.operation.action == models::CasRegister::Action::compare_and_set) {
    refuse(recorded, "is no operation of a register; the model cas-register has it");
  }
  return meaning;
}

Meaning<models::KeyValue> key_value(const RecordedOperation& recorded) {
  using Action = models::KeyValue::Action;
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  if (!recorded.key) refuse(recorded, "has no key");
  Meaning<models::KeyValue> meaning{{.key = to_value(*recorded.key)}};
  if (named(recorded, {"get", "read", "r"})) {
    require_answer(recorded);
    // A missing key is empty; some stores answer nil.
    const bool missing = recorded.answer.is_nil();
    meaning.result.value = missing ? models::KeyValue::empty() : to_value(recorded.answer);
    return meaning;
  }
  const bool append = named(recorded, {"append"});
  if (!append && !named(recorded, {"put", "write", "w"})) {
    refuse(recorded, "is no operation of a key-value store");
  }
  if (recorded.argument.kind != Datum::Kind::string) refuse(recorded, "needs a string");
  refuse_other_answer(recorded);
  meaning.operation.action = append ? Action::append : Action::put;
  meaning.operation.value = to_value(recorded.argument);
  return meaning;
}

template <class M>
Meaning<M> put_and_take(const RecordedOperation& recorded) {
  if (named(recorded, {"enqueue", "put", "push", "add"})) {
    if (recorded.outcome == Outcome::failed) return {.counts = false};
    if (recorded.argument.is_nil()) refuse(recorded, "puts nil, which means that there is nothing");
    refuse_other_answer(recorded);
    return Meaning<M>{{.put = true, .value = to_value(recorded.argument)}};
  }
  if (!named(recorded, {"dequeue", "take", "pop", "remove"})) {
    refuse(recorded, "neither puts nor takes");
  }
  require_answer(recorded);
  // One that failed found nothing.
  const bool empty = recorded.outcome == Outcome::failed;
  return Meaning<M>{{}, typename M::Result{empty ? models::nil : to_value(recorded.answer)}};
}

Meaning<models::Set> set(const RecordedOperation& recorded) {
  using Action = models::Set::Action;
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  if (named(recorded, {"read", "r"})) {
    require_answer(recorded);
    Meaning<models::Set> meaning;
    if (recorded.outcome == Outcome::ok && recorded.answer.kind != Datum::Kind::list &&
        recorded.answer.kind != Datum::Kind::set && !recorded.answer.is_nil()) {
      refuse(recorded, "needs a list or set of values");
    }
    for (const Datum& item : recorded.answer.items) meaning.result.values.insert(to_value(item));
    return meaning;
  }
  if (named(recorded, {"contains"})) {
    const std::string answer = to_value(recorded.answer);
    if (recorded.outcome == Outcome::ok && answer != "true" && answer != "false") {
      refuse(recorded, "is answered by true or false");
    }
    return Meaning<models::Set>{
        {.action = Action::contains, .value = to_value(recorded.argument)},
        models::Set::Result{.present = to_value(recorded.answer) == "true"}};
  }
  const bool add = named(recorded, {"add", "insert"});
  if (!add && !named(recorded, {"remove", "delete"})) refuse(recorded, "is no operation of a set");
  refuse_other_answer(recorded);
  return Meaning<models::Set>{
      {.action = add ? Action::add : Action::remove, .value = to_value(recorded.argument)}};
}

std::uint64_t number(const RecordedOperation& recorded, const Datum& datum) {
  std::int64_t value = 0;
  const char* end = datum.text.data() + datum.text.size();
  const auto [rest, error] = std::from_chars(datum.text.data(), end, value);
  if (datum.kind != Datum::Kind::atom || error != std::errc() || rest != end) {
    refuse(recorded, "needs a whole number of 64 bits");
  }
  return static_cast<std::uint64_t>(value);
}

Meaning<models::Counter> counter(const RecordedOperation& recorded) {
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  const bool read = named(recorded, {"read", "r"});
  if (read && recorded.outcome == Outcome::open) return {.counts = false};
  if (read) {
    return Meaning<models::Counter>{{}, models::Counter::Result{number(recorded, recorded.answer)}};
  }
  if (!named(recorded, {"add", "increment"})) refuse(recorded, "is no operation of a counter");
  refuse_other_answer(recorded);
  return Meaning<models::Counter>{{.add = true, .by = number(recorded, recorded.argument)}};
}

template <bool owned>
Meaning<models::Mutex> mutex(const RecordedOperation& recorded) {
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  const bool acquire = named(recorded, {"acquire", "lock"});
  if (!acquire && !named(recorded, {"release", "unlock"})) {
    refuse(recorded, "is no operation of a lock");
  }
  // Some answer with a token, which says nothing of the lock.
  if (recorded.outcome == Outcome::ok && to_value(recorded.answer) == "false") {
    refuse(recorded, "that was not done is an operation that failed");
  }
  return Meaning<models::Mutex>{{.acquire = acquire, .owner = owned ? recorded.client : 0}};
}

Meaning<models::MultiRegister> multi_register(const RecordedOperation& recorded) {
  if (recorded.outcome == Outcome::failed) return {.counts = false};
  const Datum& steps = recorded.argument;
  const Datum& answers = recorded.answer;
  const bool ok = recorded.outcome == Outcome::ok;
  if (steps.kind != Datum::Kind::list || (ok && answers.items.size() != steps.items.size())) {
    refuse(recorded, "needs a list of steps, as long in the answer");
  }
  Meaning<models::MultiRegister> meaning;
  for (std::size_t i = 0; i < steps.items.size(); ++i) {
    const std::vector<Datum>& step = steps.items[i].items;
    const bool write = step.size() == 3 && (step[0].text == ":w" || step[0].text == ":write");
    const bool read = step.size() == 3 && (step[0].text == ":r" || step[0].text == ":read");
    if (!write && !read) refuse(recorded, "a step is [:r key nil] or [:w key value]");
    meaning.operation.push_back(
        {.write = write, .key = to_value(step[1]), .value = write ? to_value(step[2]) : ""});
    if (!ok) continue;
    const std::vector<Datum>& answer = answers.items[i].items;
    const bool same = answer.size() == 3 && to_value(answer[1]) == to_value(step[1]) &&
                      (read || to_value(answer[2]) == to_value(step[2]));
    if (!same) {
      refuse(recorded, "the answer has other steps");
    }
    if (read) meaning.result.push_back(to_value(answer[2]));
  }
  return meaning;
}

std::vector<NamedModel> make_models() {
  std::vector<NamedModel> models;
  models.push_back(
      named_model<models::CasRegister>("cas-register", "read, write, cas", cas_register));
  models.push_back(named_model<models::Register>("register", "read, write", plain_register));
  models.push_back(named_model<models::KeyValue>("kv", "get, put, append", key_value));
  models.push_back(
      named_model<models::Queue>("queue", "enqueue, dequeue", put_and_take<models::Queue>));
  models.push_back(named_model<models::Stack>("stack", "push, pop", put_and_take<models::Stack>));
  models.push_back(named_model<models::Bag>("bag", "add, take", put_and_take<models::Bag>));
  models.push_back(named_model<models::Set>("set", "add, remove, contains, read", set));
  models.push_back(named_model<models::Counter>("counter", "add, read", counter));
  models.push_back(named_model<models::Mutex>("mutex", "acquire, release", mutex<false>));
  models.push_back(named_model<models::Mutex>("owned-mutex", "acquire, release", mutex<true>));
  models.push_back(named_model<models::MultiRegister>("multi-register", "txn", multi_register));
  return models;
}

}  // namespace

const std::vector<NamedModel>& named_models() {
  static const std::vector<NamedModel> models = make_models();
  return models;
}

const NamedModel* find_model(const std::string& name) {
  const auto found = std::ranges::find(named_models(), name, &NamedModel::name);
  return found == named_models().end() ? nullptr : &*found;
}

}  // namespace gainsay::linearizability
