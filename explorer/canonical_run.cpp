#include "explorer/canonical_run.hpp"

#include <algorithm>

#include "explorer/confirm.hpp"
#include "explorer/group.hpp"
#include "explorer/hunt/named_run.hpp"

namespace gainsay {

namespace {

constexpr std::size_t canonical_events_max = 300;
constexpr std::size_t renamings_max = 120;

using Dependencies = std::vector<std::vector<std::uint32_t>>;

bool names_sender(EventKind kind) {
  return kind == EventKind::deliver || kind == EventKind::drop || kind == EventKind::duplicate;
}

// In the one of two ways to write it that partitions have.
Cut rename_cut(const Cut& cut, const Renaming& renaming, std::uint32_t nodes) {
  const auto rename = [&](const NodeSet& set) {
    NodeSet image;
    for (std::uint16_t i = 0; i < nodes; ++i) {
      if (set.contains({i})) image.insert(renaming.process({i}));
    }
    return image;
  };
  Cut image{.first = rename(cut.first), .second = rename(cut.second), .one_way = cut.one_way};
  if (!shape_of(image, nodes)) std::swap(image.first, image.second);
  return image;
}

Event rename_event(const System& system, const Event& event, const Renaming& renaming) {
  Event image = event;
  if (has_process(event.kind)) image.process = renaming.process(event.process);
  if (names_sender(event.kind)) image.from = renaming.process(event.from);
  if (!event.message.empty()) {
    image.message = rename_encoding(*system.message_type, event.message, renaming);
  }
  if (event.kind == EventKind::partition) {
    image.cut = rename_cut(event.cut, renaming, system.bounds.nodes);
  }
  return image;
}

// None: something has no such name.
std::vector<Event> rename_events(const System& system, const std::vector<Event>& events,
                                 const Renaming& renaming) {
  std::vector<Event> images;
  try {
    for (const Event& event : events) images.push_back(rename_event(system, event, renaming));
  } catch (const DecodeError&) {
    return {};
  }
  std::sort(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(system.size()));
  return images;
}

// The least order of the events that keeps what each depends on before it.
std::vector<Event> least_order(const std::vector<Event>& events, const Dependencies& before) {
  std::vector<bool> placed(events.size(), false);
  std::vector<Event> order;
  while (order.size() < events.size()) {
    std::size_t least = events.size();
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool may_come = !placed[i] && std::ranges::all_of(before[i], [&](std::uint32_t other) {
        return placed[other];
      });
      if (may_come && (least == events.size() || events[i] < events[least])) least = i;
    }
    placed[least] = true;
    order.push_back(events[least]);
  }
  return order;
}

class Canonical {
 public:
  Canonical(const Model& model, const Counterexample& found)
      : model_(model), found_(found), run_(model, found) {}

  Counterexample least(const std::function<bool()>& must_stop) {
    NamedRun::Events all(run_.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    if (!run_.try_events(all)) return found_;
    const Dependencies before = run_.dependencies(all);
    Dependencies to_the_last = before;  // which violates by itself
    for (std::uint32_t i = 0; i + 1 < all.size(); ++i) to_the_last.back().push_back(i);
    const Points points(model_.system);
    const Group group(points.size(), interchangeable(model_.system, {}, renamings_max));
    std::vector<std::vector<Event>> free;
    std::vector<std::vector<Event>> bound;
    for (std::size_t g = 0; g < group.size(); ++g) {
      const Renaming renaming{group[g], model_.system.size(), points.sets()};
      const auto images = rename_events(model_.system, found_.events, renaming);
      if (images.empty()) continue;
      free.push_back(least_order(images, before));
      bound.push_back(least_order(images, to_the_last));
    }
    for (auto* orders : {&free, &bound}) {
      std::ranges::sort(*orders);
      for (const std::vector<Event>& order : *orders) {
        if (must_stop && must_stop()) return found_;
        if (auto run = replayed(order)) return *std::move(run);
      }
    }
    return found_;
  }

 private:
  // All of the events, to the last.
  std::optional<Counterexample> replayed(const std::vector<Event>& events) {
    NamedRun::Events indices;
    for (const Event& event : events) indices.push_back(run_.known(event));
    const auto taken = run_.try_events(indices);
    if (!taken || *taken != indices) return std::nullopt;
    return run_.counterexample(indices);
  }

  const Model& model_;
  const Counterexample& found_;
  NamedRun run_;
};

}  // namespace

Counterexample canonical_run(const Model& model, const Counterexample& found,
                             const std::function<bool()>& must_stop) {
  if (found.events.size() > canonical_events_max) return found;
  return Canonical(model, found).least(must_stop);
}

}  // namespace gainsay
