// expect: gainsay: a catch-all `on` would swallow a forgotten message
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
  template <class M>
  void on(Context&, gainsay::NodeId, M) {}
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
