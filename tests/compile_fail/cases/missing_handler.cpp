// expect: gainsay: a message has no handler of exactly its type
#include "engine/system.hpp"

struct Prepare {};
struct Vote {
  bool yes = false;
};

struct Node {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
