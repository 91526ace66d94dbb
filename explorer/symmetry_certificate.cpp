// The equivariance certificate: handlers do on renamed pairs what they do on the pairs themselves,
// renamed. Separate from the tables that the search uses: handlers run again, and content is
// compared.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "engine/reflect.hpp"
#include "explorer/parallel.hpp"
#include "explorer/symmetry.hpp"

namespace gainsay {

// --- what handlers do ---

// Outcomes outside a limit do not exist. Of a local state what stands for it is told; what stays
// there and does nothing else may be no event at all for another member of its class, so where
// there are merges it is none. Nothing is kept of such a run.
std::vector<Symmetry::Did> Symmetry::run(std::uint8_t process, BytesView local,
                                         const LocalEvent& event) const {
  const ProcessType& type = *system_.processes[process];
  const bool uncounted = machine_.is_uncounted(event);
  std::vector<Did> all;
  std::vector<std::uint32_t> script;
  for (bool more = true; more;) {
    LocalState after = decode_local(type, local);
    StepResult step = run_event(after, event, system_.place({process}), script);
    more = next_script(script, step);
    if (step.fault != StepResult::Fault::none) {
      all.push_back({.answers = std::move(step.answers), .fault = step.fault});
      continue;
    }
    const bool crash = event.kind == LocalEvent::Kind::crash;
    if (!crash && machine_.is_outside_limits({process}, after)) continue;
    Bytes root = machine_.stand_in(process, encode_local(after));
    const bool stays = crash_of(step.answers).at == 0 && root == local && step.sends.empty() &&
                       step.labels.empty();
    if (stays && uncounted && machine_.options_.merges != nullptr) continue;
    all.push_back({.answers = std::move(step.answers),
                   .local = std::move(root),
                   .sends = std::move(step.sends),
                   .labels = std::move(step.labels)});
  }
  return all;
}

std::vector<Symmetry::Did> Symmetry::run(Pair pair) const {
  const LocalEntry& entry = machine_.locals_[pair.local];
  return run(entry.process, entry.bytes, event_of(pair));
}

// Answers are not renamed: a choice may name a process, so outcomes are compared as sets.
Symmetry::Did Symmetry::rename_did(std::uint8_t process, const Did& did, Index g) const {
  Did renamed{.answers = did.answers, .fault = did.fault};
  if (did.fault != StepResult::Fault::none) return renamed;
  const NodeId to = group_.image(g, {process});
  renamed.local = machine_.stand_in(byte_of(to), rename_local(process, did.local, g));
  for (const Sent& sent : did.sends) {
    renamed.sends.push_back(
        {.to = group_.image(g, sent.to), .message = rename(system_.message_type, sent.message, g)});
  }
  for (const Label& label : did.labels) renamed.labels.push_back(rename_label(label, g));
  return renamed;
}

// Sorted and without repetitions. Of the sends only the order on each link matters, in fifo.
std::vector<Bytes> Symmetry::texts(const std::vector<Did>& all) const {
  std::vector<Bytes> texts;
  for (const Did& did : all) {
    Writer writer;
    writer.integer(static_cast<std::uint64_t>(did.fault));
    BudgetSet budgets;
    add_crash(budgets, crash_of(did.answers));
    writer.integer(budgets.bits());
    writer.text(did.local);
    std::vector<Sent> sends = did.sends;
    if (system_.bounds.network == Network::fifo) {
      std::ranges::stable_sort(sends, {}, &Sent::to);
    } else {
      std::ranges::sort(sends, {},
                        [](const Sent& sent) { return std::tie(sent.to, sent.message); });
    }
    writer.integer(sends.size());
    for (const Sent& sent : sends) {
      writer.integer(sent.to.value);
      writer.text(sent.message);
    }
    for (const Label& label : did.labels) {
      writer.integer(static_cast<std::uint64_t>(label.kind));
      writer.text(label.value);
    }
    texts.push_back(writer.take());
  }
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

bool Symmetry::agree(std::uint8_t process, const std::vector<Did>& did, Index g,
                     const std::vector<Did>& on_image) const {
  std::vector<Did> renamed;
  for (const Did& one : did) renamed.push_back(rename_did(process, one, g));
  return texts(renamed) == texts(on_image);
}

// --- the check ---

// Inputs that are no messages are numbers behind all messages, and name no process.
Symmetry::Pair Symmetry::pair_image(Pair pair, Index g) {
  const bool delivery = machine_.is_delivery(pair.input);
  return {.local = image(local_part, pair.local, g),
          .input = delivery ? image(envelope_part, pair.input, g) : pair.input};
}

// One of each orbit that was not checked before, whichever was explored.
std::vector<Symmetry::Pair> Symmetry::unchecked_pairs() {
  std::vector<Pair> pairs;
  for (const auto& [key, outcomes] : machine_.outcomes_) {
    const Pair pair{.local = static_cast<Id>(key >> 32), .input = static_cast<Id>(key)};
    Pair least = pair;
    if (sabotage_ != Sabotage::symmetry_certifies_generators) {
      for (std::size_t g = 1; g < group_.size(); ++g) {
        least = std::min(least, pair_image(pair, static_cast<Index>(g)));
      }
    }
    if (checked_.insert(pair_key(least.local, least.input)).second) pairs.push_back(pair);
  }
  return pairs;
}

// For one pair of an orbit and all elements: then the same is true of every pair of the orbit.
bool Symmetry::is_equivariant(Pair pair) {
  const std::uint8_t process = machine_.locals_[pair.local].process;
  const std::vector<Did> did = run(pair);
  if (sabotage_ == Sabotage::symmetry_certifies_generators) {
    return std::ranges::all_of(group_.generators(), [&](Index g) {
      return agree(process, did, g, run(pair_image(pair, g)));
    });
  }
  std::map<Pair, std::vector<Did>> on_images;
  for (std::size_t h = 0; h < group_.size(); ++h) {
    const auto g = static_cast<Index>(h);
    const Pair image = pair_image(pair, g);
    auto known = on_images.find(image);
    if (known == on_images.end()) known = on_images.emplace(image, run(image)).first;
    if (!agree(process, did, g, known->second)) return false;
  }
  return true;
}

bool Symmetry::certify(Asymmetries& known, unsigned jobs) {
  const std::vector<Pair> pairs = unchecked_pairs();
  for (const Pair pair : pairs) pair_image(pair, 0);  // all images are there before threads look
  std::mutex mutex;
  std::vector<Pair> failing;
  parallel_chunks(pairs.size(), 4, jobs, [&](unsigned, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (is_equivariant(pairs[i])) continue;
      const std::lock_guard lock(mutex);
      failing.push_back(pairs[i]);
    }
  });
  if (!failing.empty()) diagnose(failing, known);
  return failing.empty() && certify_observers(known) && certify_views(known);
}

// --- what went wrong ---

std::string Symmetry::event_text(Pair pair) const {
  const LocalEvent local = event_of(pair);
  Event event{.process = {machine_.locals_[pair.local].process},
              .from = local.from,
              .message = local.message,
              .timer = local.timer};
  constexpr EventKind kinds[] = {EventKind::start, EventKind::deliver, EventKind::timer,
                                 EventKind::crash, EventKind::restart};
  event.kind = kinds[static_cast<std::size_t>(local.kind)];
  return describe(system_, event);
}

std::string Symmetry::exchange_text(NodeId a, NodeId b) const {
  return "exchanging " + points_.name(a) + " and " + points_.name(b);
}

// Some exchange of two processes fails on every orbit that is not equivariant, as exchanges
// generate the group. All are looked for on a few orbits, so that which ones and what is told do
// not depend on what each thread happened to meet.
void Symmetry::diagnose(const std::vector<Pair>& failing, Asymmetries& known) {
  constexpr std::size_t orbits_max = 8;
  struct Orbit {
    Hash128 content;
    Pair pair;
    bool operator<(const Orbit& other) const { return content < other.content; }
  };
  const auto content = [&](Pair pair) {
    const LocalEntry& entry = machine_.locals_[pair.local];
    return mix(entry.process, entry.hash, content_hash(event_text(pair)));
  };
  std::vector<Orbit> orbits;
  for (const Pair pair : failing) {
    Hash128 least = content(pair);
    for (std::size_t g = 1; g < group_.size(); ++g) {
      least = std::min(least, content(pair_image(pair, static_cast<Index>(g))));
    }
    orbits.push_back({.content = least, .pair = pair});
  }
  std::ranges::sort(orbits, {}, &Orbit::content);
  orbits.resize(std::min(orbits.size(), orbits_max));
  std::optional<std::tuple<std::uint8_t, std::string, Hash128, std::string>> first;
  const std::size_t before = known.broken.size();
  for (const Orbit& orbit : orbits) {
    std::set<Pair> pairs;
    for (std::size_t g = 0; g < group_.size(); ++g) {
      pairs.insert(pair_image(orbit.pair, static_cast<Index>(g)));
    }
    for (const Pair pair : pairs) {
      const LocalEntry& entry = machine_.locals_[pair.local];
      const std::vector<Did> did = run(pair);
      for (const auto& [a, b] : group_.exchanges()) {
        const Index g = group_.exchange(a, b);
        if (agree(entry.process, did, g, run(pair_image(pair, g)))) continue;
        known.broken.emplace(a, b);
        std::tuple found{entry.process, event_text(pair), entry.hash, exchange_text(a, b)};
        if (!first || found < *first) first = std::move(found);
      }
    }
  }
  if (known.broken.size() == before) known.hopeless = true;
  if (!known.reason.empty()) return;
  known.reason = first ? std::get<3>(*first) + " changes what the handler of " +
                             system_.process_name({std::get<0>(*first)}) + " does at \"" +
                             std::get<1>(*first) + "\""
                       : "the handlers are not equivariant";
}

bool Symmetry::certify_observers(Asymmetries& known) {
  for (; relabelled_checked_ < relabelled_.size(); ++relabelled_checked_) {
    const Relabelled& step = relabelled_[relabelled_checked_];
    for (std::size_t h = 0; h < group_.size(); ++h) {
      const auto g = static_cast<Index>(h);
      const Bytes& before = machine_.content(step.slot, word(step.slot, step.word, g));
      const auto& set = machine_.labels_[image(label_part, step.labels, g)];
      const Bytes after = machine_.relabelled_content(step.slot, before, set);
      if (after == machine_.content(step.slot, word(step.slot, step.after, g))) continue;
      known.hopeless = true;
      known.reason =
          (step.slot == machine_.history_slot()
               ? "the object that clients see"
               : "the observer \"" +
                     system_.observers[step.slot - machine_.first_observer_slot()].name + '"') +
          std::string(" tells processes apart");
      return false;
    }
  }
  return true;
}

// Whether a step is silent is a matter of views. What looks the same must look the same renamed, so
// that a step is silent exactly where its renamings are. With images of all local states in the
// tables, what is true of exchanges is true of every renaming.
bool Symmetry::certify_views(Asymmetries& known) {
  if (!machine_.options_.silent || sabotage_ == Sabotage::symmetry_views_unchecked) return true;
  close_tables();
  const std::size_t before = known.broken.size();
  for (const auto& [a, b] : group_.exchanges()) {
    const Index g = group_.exchange(a, b);
    std::unordered_map<std::uint64_t, Id> images;  // (process, view) -> view of the image
    for (std::size_t i = 0; i < machine_.locals_.size(); ++i) {
      const LocalEntry& entry = machine_.locals_[i];
      const Id image = machine_.locals_[known_local(static_cast<Id>(i), g)].shown;
      const auto [at, is_new] = images.try_emplace(pair_key(entry.process, entry.shown), image);
      if (at->second == image) continue;
      known.broken.emplace(a, b);
      if (known.reason.empty()) {
        known.reason = exchange_text(a, b) + " tells apart what looks the same";
      }
      break;
    }
  }
  return known.broken.size() == before;
}

bool Symmetry::certify_initial(const std::vector<std::vector<Id>>& worlds, Asymmetries& known) {
  const std::set<std::vector<Id>> all(worlds.begin(), worlds.end());
  std::vector<Id> renamed(machine_.slots());
  const std::size_t before = known.broken.size();
  for (const auto& [a, b] : group_.exchanges()) {
    const Index g = group_.exchange(a, b);
    const bool closed = std::ranges::all_of(worlds, [&](const std::vector<Id>& world) {
      image(world.data(), g, renamed.data());
      return all.contains(renamed);
    });
    if (closed) continue;
    known.broken.emplace(a, b);
    if (known.reason.empty()) {
      known.reason = exchange_text(a, b) + " changes the initial worlds";
    }
  }
  return known.broken.size() == before;
}

// --- traces ---

Event Symmetry::event(Id local, const Event& event, Index g) {
  Event renamed = event;
  renamed.process = group_.image(g, event.process);
  renamed.from = group_.image(g, event.from);
  const bool named = event.kind == EventKind::deliver || event.kind == EventKind::drop ||
                     event.kind == EventKind::duplicate;
  if (!named) renamed.from = event.from;
  if (!event.message.empty()) renamed.message = rename(system_.message_type, event.message, g);
  if (!is_step(event.kind)) return renamed;
  // The answers that do on the image what these do here. One of the two handlers may choose where
  // the other does not: only what comes of it is the same.
  const auto as_local = [](const Event& of) {
    constexpr LocalEvent::Kind kinds[] = {LocalEvent::Kind::start, LocalEvent::Kind::deliver,
                                          LocalEvent::Kind::timer, LocalEvent::Kind::crash,
                                          LocalEvent::Kind::restart};
    return LocalEvent{.kind = kinds[static_cast<std::size_t>(of.kind)],
                      .from = of.from,
                      .message = of.message,
                      .timer = of.timer};
  };
  const LocalEntry& entry = machine_.locals_[local];
  const LocalEntry& image = machine_.locals_[this->local(local, g)];
  std::vector<Bytes> wanted;
  for (const Did& did : run(entry.process, entry.bytes, as_local(event))) {
    if (did.answers == event.choices) wanted = texts({rename_did(entry.process, did, g)});
  }
  std::optional<std::vector<std::uint32_t>> answers;  // the same, if they do
  for (const Did& did : run(image.process, image.bytes, as_local(renamed))) {
    if (texts({did}) != wanted) continue;
    if (!answers || did.answers == event.choices) answers = did.answers;
  }
  if (answers) {
    renamed.choices = std::move(*answers);
    return renamed;
  }
  throw std::logic_error("an event has no image under a renaming");
}

}  // namespace gainsay
