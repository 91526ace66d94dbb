// expect: gainsay: a state cannot have a base class
#include "engine/system.hpp"

struct Base {
  std::uint32_t term = 0;
};
struct Prepare {};
struct Vote {
  bool yes = false;
};

struct Node : Base {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
  void on(Context&, gainsay::NodeId, Vote) { ++votes; }
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
