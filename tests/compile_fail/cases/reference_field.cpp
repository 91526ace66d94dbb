// expect: gainsay: a state must have a default: no references
#include "engine/system.hpp"

struct Prepare {};
struct Vote {
  bool yes = false;
};

struct Node {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;
  std::uint32_t& other;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
  void on(Context&, gainsay::NodeId, Vote) { ++votes; }
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
