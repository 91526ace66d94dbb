// expect: gainsay: a state must be an aggregate
#include <unordered_map>

#include "engine/system.hpp"

struct Prepare {};
struct Vote {
  bool yes = false;
};

struct Node {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;
  std::unordered_map<std::uint32_t, bool> seen;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
  void on(Context&, gainsay::NodeId, Vote) { ++votes; }
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
