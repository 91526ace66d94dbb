// expect: gainsay: the alternatives of a variant need different names
#include "engine/system.hpp"

struct Prepare {};
struct Vote {
  bool yes = false;
};

namespace other {
struct Vote {
  std::uint8_t weight = 0;
};
}  // namespace other

struct Node {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;
  std::variant<Vote, other::Vote> last;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
  void on(Context&, gainsay::NodeId, Vote) { ++votes; }
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
