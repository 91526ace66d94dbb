// expect: gainsay: a state must be an aggregate
#include "engine/system.hpp"

class Term {
 public:
  Term() = default;

 private:
  std::uint32_t value_ = 0;
};
struct Prepare {};
struct Vote {
  bool yes = false;
};

struct Node {
  using Message = std::variant<Prepare, Vote>;
  using Context = gainsay::Context<Node>;

  std::uint32_t votes = 0;
  Term term;

  void start(Context&) {}
  void on(Context&, gainsay::NodeId, Prepare) {}
  void on(Context&, gainsay::NodeId, Vote) { ++votes; }
};

gainsay::System make() { return gainsay::make_system<Node>("case", {}); }
