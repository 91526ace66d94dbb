// Symmetry in the search: which renamings it uses, when they are certified, and how a path through
// canonical worlds becomes a real run.
#include <stdexcept>

#include "explorer/search.hpp"

namespace gainsay {

namespace {

// Looking at more renamings than this costs more than it saves, unless the user knows better. A few
// more are looked at when nothing is known yet: the starts often tell processes apart.
constexpr std::size_t renamings_unasked = 120;        // 5!
constexpr std::size_t renamings_before_starts = 720;  // 6!

}  // namespace

// Starts from the assumption that all nodes are alike, all clients, and all values of a scalarset,
// but for what is known.
void Search::use_symmetry() {
  symmetry_.reset();
  machine_.use(nullptr);
  evaluator_.close_under(nullptr);
  antichains_.close_under(nullptr);
  reduce_.symmetry = false;
  if (!asked_.symmetry) return;
  Asymmetries& known = passes_.asymmetries;
  if (const std::string obstacle = obstacle_to_symmetry(machine_); !obstacle.empty()) {
    known.hopeless = true;
    known.reason = obstacle;
  }
  auto classes = interchangeable(model_.system, known,
                                 options_.reduce ? Group::size_max : renamings_before_starts);
  if (classes.empty()) return;
  reduce_.symmetry = true;
  symmetry_.emplace(machine_, Group(Points(model_.system).size(), std::move(classes)),
                    options_.sabotage);
  machine_.use(&*symmetry_);
  if (options_.sabotage != Sabotage::symmetry_properties_of_representatives) {
    evaluator_.close_under(&*symmetry_);
  }
  antichains_.close_under(&*symmetry_);
}

// What is not equivariant shows soon: the sooner the pass is given up, the better. False where it
// was.
bool Search::certify_symmetry() {
  if (!symmetry_) return true;
  next_symmetry_ = store_.roots().size() * 2;
  Asymmetries found = passes_.asymmetries;
  if (symmetry_->certify(found, jobs_)) return true;
  // What is wrongly merged under one name only looks like an asymmetry.
  if (!certify_merges()) return false;
  passes_.asymmetries = std::move(found);
  passes_.asymmetric = true;
  return false;
}

bool Search::certify_starts() {
  if (!symmetry_) return true;
  std::vector<std::vector<Id>> worlds;
  for (const auto& [words, events] : starts_) worlds.push_back(words);
  // Handlers first: they say more about the reason.
  if (!certify_symmetry() && !passes_.asymmetric) return false;
  const bool starts = symmetry_->certify_initial(worlds, passes_.asymmetries);
  passes_.asymmetric = passes_.asymmetric || !starts;
  if (!passes_.asymmetric && !options_.reduce && symmetry_->group().size() > renamings_unasked) {
    passes_.asymmetric = passes_.asymmetries.hopeless = true;
    passes_.asymmetries.reason = "more than " + std::to_string(renamings_unasked) +
                                 " renamings are tried by --reduce symmetry only";
  }
  return !passes_.asymmetric;
}

void Search::report_symmetry(CheckReport& report) const {
  report.asymmetry = asked_.symmetry ? passes_.asymmetries.reason : "";
  if (symmetry_) {
    const Points points(model_.system);
    for (const std::vector<NodeId>& members : symmetry_->group().classes()) {
      if (!report.interchangeable.empty()) report.interchangeable += "; ";
      report.interchangeable += points.names(members);
    }
    report.renamings = symmetry_->group().size();
    report.equivariant = true;
  }
}

// --- from canonical worlds to a real run ---
//
// Let r be the renaming by `element` of a canonical world c' that follows a canonical world c by an
// event: c' is the renaming by q of what the event leads to. Then r follows the renaming of c by
// (element after q), by the event renamed in the same way. So a path is renamed from its end to its
// start, which is initial since the initial worlds are closed under renaming.

Symmetry::Index Search::canonicaliser(const Predecessor& before) {
  std::vector<Id> world = before.world;
  const Expansion& expansion = machine_.expand(world.data(), before.process);
  machine_.apply(world.data(), before.process, expansion, expansion.transitions[before.transition]);
  return symmetry_->canonicalise(world.data());
}

// Answers are renamed by what the event does at the local state before it.
std::vector<Event> Search::images_of(const std::vector<Id>& world, std::uint32_t process,
                                     std::uint32_t transition, Symmetry::Index element) {
  const Transition& edge = machine_.expand(world.data(), process).transitions[transition];
  if (symmetry_ && process == machine_.cut_slot()) {
    Transition renamed = edge;
    renamed.cell = symmetry_->word(process, edge.cell, element);
    return machine_.events_of(node_id(process), renamed);
  }
  std::vector<Event> events = machine_.events_of(node_id(process), edge);
  if (!symmetry_) return events;
  const std::vector<Id> locals = machine_.locals_before(world[process], edge);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i] = symmetry_->event(locals[i], events[i], element);
  }
  return events;
}

const std::vector<Event>& Search::start_of(const std::vector<Id>& world, Symmetry::Index element) {
  if (!symmetry_) return starts_.at(world);
  std::vector<Id> image(machine_.slots());
  symmetry_->image(world.data(), element, image.data());
  return starts_.at(image);
}

// A property may name processes: the renaming of the world, or of the step, that violates it.
Symmetry::Index Search::violating_image(const Found& found) {
  if (found.property == Evaluator::none) return 0;
  std::vector<Id> image(machine_.slots());
  const bool recovery = properties_[found.property]->kind == PropertyKind::recovers;
  std::vector<Id> locals;
  locals_of(found.world, locals);
  for (std::size_t h = 0; h < symmetry_->group().size(); ++h) {
    const auto g = static_cast<Symmetry::Index>(h);
    if (recovery) {
      renamed_locals(locals, g, image);
      if (image == stuck_) return g;
    } else if (found.by_step) {
      const Id cell = found.world[found.process];
      const Transition& edge = machine_.expand(cell).transitions[found.transition];
      const Id before = symmetry_->local(machine_.locals_before(cell, edge).back(), g);
      const Id after = symmetry_->local(machine_.local_of(edge.cell), g);
      if (evaluator_.is_broken(found.property, machine_.local(before), machine_.local(after))) {
        return g;
      }
    } else {
      symmetry_->image(found.world.data(), g, image.data());
      if (evaluator_.is_violated(found.property, machine_, image.data())) return g;
    }
  }
  throw std::logic_error("no renaming of a world violates what it was found to violate");
}

}  // namespace gainsay
