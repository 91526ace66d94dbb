#include "tests/explorer/small_systems.hpp"

#include "properties/linearizability.hpp"
#include "properties/sequential_models.hpp"

namespace gainsay::testing {

namespace {

struct Register {
  struct Operation {
    bool write = false;
  };
  struct Result {
    bool written = false;
  };
  struct Copy {};
  using Message = std::variant<Copy>;
  using Context = gainsay::Context<Register>;

  bool written = false;
  NodeSet heard;

  void start(Context&) {}
  void on(Context&, NodeId from, Copy) { heard.insert(from); }
  void on(Context& ctx, NodeId, Request<Operation> request) {
    if (request.operation.write && !written) {
      written = true;
      ctx.broadcast(Copy{});
    }
    ctx.reply(request.id, Result{written});
  }
};

struct Sleeper {
  struct Options {
    std::uint32_t variant = 0;
  };
  struct First {};
  struct Wake {};
  using Message = std::variant<First, Wake>;
  using Context = gainsay::Context<Sleeper>;
  enum class Timer : std::uint8_t { act };
  enum class Stage : std::uint8_t { asleep, acted, done, awake, wrong };

  Stage stage = Stage::asleep;
  std::uint32_t variant = 0;

  void start(Context& ctx) {
    variant = ctx.options().variant;
    ctx.set(Timer::act);
  }
  void on(Context& ctx, Timer) {
    if (stage == Stage::asleep) {
      stage = Stage::acted;
      ctx.broadcast(First{});
      ctx.set(Timer::act);
    } else if (stage == Stage::acted) {
      stage = Stage::done;
      ctx.broadcast(Wake{});
    }
  }
  void on(Context&, NodeId, First) {
    if (stage == Stage::awake) stage = Stage::wrong;
  }
  void on(Context& ctx, NodeId, Wake) {
    if (stage != Stage::asleep) return;
    stage = Stage::awake;
    ctx.clear(Timer::act);
  }
};

struct Speaker {
  struct Options {
    std::uint32_t variant = 0;
  };
  struct Word {
    bool last = false;
  };
  using Message = std::variant<Word>;
  using Context = gainsay::Context<Speaker>;
  enum class Timer : std::uint8_t { speak };

  std::uint32_t variant = 0;
  bool spoke = false;
  NodeSet heard;
  NodeSet missed;

  void start(Context& ctx) {
    variant = ctx.options().variant;
    ctx.set(Timer::speak);
  }
  void on(Context& ctx, Timer) {
    ctx.broadcast(Word{.last = spoke});
    if (!spoke) ctx.set(Timer::speak);
    spoke = true;
  }
  void on(Context&, NodeId from, Word word) {
    if (!word.last) {
      heard.insert(from);
    } else if (!heard.contains(from)) {
      missed.insert(from);
    }
  }
};

struct Namer {
  struct Options {
    NodeId who;
    NodeId whom;
  };
  struct Nothing {};
  using Message = std::variant<Nothing>;
  using Context = gainsay::Context<Namer>;
  enum class Timer : std::uint8_t { act };
  enum class Stage : std::uint8_t { idle, named, right, wrong };
  struct Durable {
    bool started = false;
  };

  Stage stage = Stage::idle;
  std::optional<NodeId> named;
  Durable durable;

  void start(Context& ctx) {
    if (durable.started) {
      stage = Stage::named;
      const auto other = static_cast<std::uint8_t>(ctx.choose(ctx.nodes() - 1));
      named = NodeId{other < ctx.self().value ? other : static_cast<std::uint8_t>(other + 1)};
      ctx.set(Timer::act);
    }
    durable.started = true;
  }
  void on(Context& ctx, Timer) {
    const auto& odd = ctx.options<Namer>();
    stage = ctx.self() == odd.who && named == odd.whom ? Stage::wrong : Stage::right;
  }
  void on(Context&, NodeId, Nothing) {}
};

struct Keeper {
  struct Options {
    std::uint32_t variant = 0;
  };
  struct Hello {};
  struct Ask {};
  using Message = std::variant<Hello, Ask>;
  using Context = gainsay::Context<Keeper>;
  enum class Timer : std::uint8_t { act };
  enum class Stage : std::uint8_t { idle, acted, greeted, told };

  Stage stage = Stage::idle;
  std::uint8_t secret = 0;
  std::uint32_t variant = 0;

  void start(Context& ctx) {
    variant = ctx.options().variant;
    ctx.set(Timer::act);
  }
  void on(Context& ctx, Timer) {
    if (stage != Stage::idle) return;
    stage = Stage::acted;
    secret = static_cast<std::uint8_t>(ctx.choose(3));
    ctx.broadcast(Hello{});
  }
  void on(Context& ctx, NodeId from, Hello) {
    if (stage != Stage::idle) return;
    stage = Stage::greeted;
    ctx.send(from, Ask{});
  }
  void on(Context&, NodeId, Ask) {
    if (stage == Stage::acted) stage = Stage::told;
  }
};
struct KeeperView {
  Keeper::Stage stage = Keeper::Stage::idle;
  std::uint8_t told = 0;
};
KeeperView view(const Keeper& keeper) {
  const bool told = keeper.stage == Keeper::Stage::told;
  return {.stage = keeper.stage, .told = told ? keeper.secret : std::uint8_t{0}};
}

}  // namespace

Model register_model(const Bounds& bounds) {
  Model model{.system = make_system<Register>("register", bounds), .properties = {}};
  WorkItem<Register::Operation> write{.operation = {.write = true}, .servers = {}};
  for (std::uint8_t id = 0; id < bounds.nodes; ++id) write.servers.push_back({id});
  WorkItem<Register::Operation> read = write;
  read.operation.write = false;
  Workload<Register::Operation> workload{.clients = {}, .to_all = true};
  workload.clients.assign(bounds.clients, {write, read});
  add_clients<Register>(model.system, workload);
  model.properties = {
      sometimes<Register>("written", [](const Register& node) { return node.written; })};
  return model;
}

Model renamed_path_model(std::uint32_t variant) {
  const Bounds bounds{.nodes = 2};
  Model model{.system = make_system<Sleeper>("sleepers", bounds, {.variant = variant}),
              .properties = {}};
  model.properties = {always<Sleeper>("nothing goes wrong", [](const Sleeper& node) {
    return node.stage != Sleeper::Stage::wrong;
  })};
  return model;
}

Model named_node_model(std::uint32_t variant) {
  const Bounds bounds{.nodes = 2};
  Model model{.system = make_system<Sleeper>("sleepers", bounds, {.variant = variant}),
              .properties = {}};
  model.properties = {always<Sleeper>("the second is never done before the first acts",
                                      [](const Nodes<Sleeper>& nodes) {
                                        return !(nodes[1].stage == Sleeper::Stage::done &&
                                                 nodes[0].stage == Sleeper::Stage::asleep);
                                      })};
  return model;
}

Model speakers_model(std::uint32_t variant) {
  const Bounds bounds{.nodes = 3, .network = Network::fifo, .partitions = 1, .timeouts = 6};
  Model model{.system = make_system<Speaker>("speakers", bounds, {.variant = variant}),
              .properties = {}};
  model.properties = {
      always<Speaker>("no three miss each other in a ring", [](const Nodes<Speaker>& nodes) {
        const auto misses = [&](std::uint8_t by, std::uint8_t whom) {
          return nodes[by].missed.contains(NodeId{whom});
        };
        return !(misses(0, 1) && misses(1, 2) && misses(2, 0)) &&
               !(misses(1, 0) && misses(2, 1) && misses(0, 2));
      })};
  return model;
}

Model one_odd_pair_model(NodeId who, NodeId whom) {
  const Bounds bounds{.nodes = 3, .crashes = 1, .restarts = 1};
  Model model{.system = make_system<Namer>("namers", bounds, {.who = who, .whom = whom}),
              .properties = {}};
  model.properties = {always<Namer>(
      "nothing goes wrong", [](const Namer& node) { return node.stage != Namer::Stage::wrong; })};
  return model;
}

Model secret_model(std::uint32_t variant) {
  const Bounds bounds{.nodes = 2, .timeouts = 1};
  Model model{.system = make_system<Keeper>("keepers", bounds, {.variant = variant}),
              .properties = {}};
  model.properties = {always<Keeper>("the last secret is not told",
                                     [](const KeeperView& node) { return node.told < 2; })};
  return model;
}

}  // namespace gainsay::testing
