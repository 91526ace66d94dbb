#include "properties/linearizability/sequential.hpp"

#include <algorithm>
#include <boost/container_hash/hash.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <memory>
#include <numeric>
#include <utility>

#include "properties/linearizability/transitions.hpp"

namespace gainsay::linearizability {

namespace {

std::vector<const Kind*> pointers_to(const std::vector<Kind>& kinds) {
  std::vector<const Kind*> pointers;
  for (const Kind& kind : kinds) pointers.push_back(&kind);
  return pointers;
}

// What each client asked for, in order; and beside it what never returned.
struct Programs {
  struct Loose {
    Id operation = 0;
    Id client = 0;
    Id after = 0;  // so many operations of its client come first
  };
  std::vector<std::vector<Id>> clients;
  std::vector<Loose> loose;
  Id objects = 0;

  Programs(const TimedHistory& history, const Transitions& transitions) {
    const auto& operations = history.operations();
    std::vector<Id> order(operations.size());
    std::iota(order.begin(), order.end(), Id{0});
    std::ranges::stable_sort(order, {}, [&](Id id) { return operations[id].invoked; });
    for (const Id id : order) {
      const Operation& operation = operations[id];
      if (operation.client >= clients.size()) clients.resize(operation.client + 1);
      objects = std::max(objects, operation.object + 1);
      auto& program = clients[operation.client];
      if (operation.returned != never) {
        program.push_back(id);
      } else if (!transitions.observes(operation.kind)) {
        loose.push_back({id, operation.client, static_cast<Id>(program.size())});
      }
    }
  }
};

// How far each client is, the state of each object, which unreturned operations took effect.
using Where = std::vector<Id>;

// All in one place, so that giving millions of them back takes no time.
class Visited {
 public:
  explicit Visited(std::size_t width) : width_(width), index_(0, Hash{this}, Equal{this}) {}
  Visited(const Visited&) = delete;
  Visited& operator=(const Visited&) = delete;

  bool insert(const Where& where) {
    if (size_ == blocks_.size() * per_block)
      blocks_.push_back(std::make_unique<Id[]>(per_block * width_));
    std::ranges::copy(where, at(size_));
    if (!index_.insert(size_).second) return false;
    ++size_;
    return true;
  }
  Id size() const { return size_; }
  std::size_t bytes() const {  // with what the next growth takes for a moment
    return blocks_.size() * per_block * width_ * sizeof(Id) + index_.bucket_count() * 15;
  }

 private:
  struct Hash {
    const Visited* all;
    std::size_t operator()(Id id) const {
      return boost::hash_range(all->at(id), all->at(id) + all->width_);
    }
  };
  struct Equal {
    const Visited* all;
    bool operator()(Id a, Id b) const {
      return std::equal(all->at(a), all->at(a) + all->width_, all->at(b));
    }
  };
  static constexpr Id per_block = 1024;
  Id* at(Id id) const { return blocks_[id / per_block].get() + id % per_block * width_; }

  std::size_t width_;
  std::vector<std::unique_ptr<Id[]>> blocks_;
  Id size_ = 0;
  boost::unordered_flat_set<Id, Hash, Equal> index_;
};

// Depth first, by moment of return: what really happened is near.
class Interleaving {
 public:
  Interleaving(const Model& model, const TimedHistory& history)
      : history_(history),
        kinds_(pointers_to(history.kinds())),
        transitions_(model, kinds_),
        programs_(history, transitions_),
        clients_(static_cast<Id>(programs_.clients.size())),
        width_(clients_ + programs_.objects + programs_.loose.size()),
        visited_(width_) {}

  Judgement judge(const Limits& limits) {
    std::size_t required = 0;
    for (const auto& program : programs_.clients) required += program.size();
    enter(Where(width_), {}, required);
    Judgement judgement{.verdict = Verdict::not_linearizable, .partitions = 1};
    for (std::size_t turn = 0; !stack_.empty() && stack_.back().left > 0; ++turn) {
      const bool stopped = turn % slice == 0 && limits.stop && limits.stop();
      if (stopped || bytes() > limits.bytes_max) {
        judgement.unknown_because = stopped ? "stopped" : "memory";
        judgement.verdict = Verdict::unknown;
        break;
      }
      advance();
    }
    judgement.configurations = visited_.size();
    if (stack_.empty() || stack_.back().left > 0) return judgement;
    judgement.verdict = Verdict::linearizable;
    for (std::size_t i = 1; i < stack_.size(); ++i) judgement.order.push_back(stack_[i].placed);
    return judgement;
  }

 private:
  static constexpr std::size_t slice = 256;  // moves between looks at the clock
  struct Move {
    Id which = 0;  // a client's next operation, or behind the clients an unreturned one
    Id operation = 0;
    Id state = 0;  // of its object afterwards
  };
  struct Frame {
    Where where;
    Id placed = 0;
    std::size_t left = 0;  // operations that returned and are not placed
    std::vector<Move> moves;
    std::size_t next = 0;
  };

  void enter(Where where, Id placed, std::size_t left) {
    if (!visited_.insert(where)) return;
    Frame frame{.where = std::move(where), .placed = placed, .left = left};
    frame.moves = moves_from(frame.where);
    moves_ += frame.moves.size();
    stack_.push_back(std::move(frame));
  }

  void advance() {
    Frame& frame = stack_.back();
    if (frame.next == frame.moves.size()) {
      moves_ -= frame.moves.size();
      stack_.pop_back();
      return;
    }
    const Move move = frame.moves[frame.next++];
    Where where = frame.where;
    where[object_slot(move.operation)] = move.state;
    const bool returned = move.which < clients_;
    ++where[returned ? move.which : move.which + programs_.objects];
    enter(std::move(where), move.operation, frame.left - (returned ? 1 : 0));
  }

  std::size_t object_slot(Id operation) const {
    return clients_ + history_.operations()[operation].object;
  }

  // What only observes is placed as soon as it can be: everything that can follow without it can
  // follow it.
  std::vector<Move> moves_from(const Where& where) {
    std::vector<Move> moves;
    for (Id client = 0; client < clients_; ++client) {
      const auto& program = programs_.clients[client];
      if (where[client] == program.size()) continue;
      const Id operation = program[where[client]];
      const std::size_t before = moves.size();
      add_moves(where, client, operation, moves);
      const bool possible = moves.size() > before;
      if (possible && transitions_.observes(history_.operations()[operation].kind)) {
        return {moves.back()};
      }
    }
    for (Id i = 0; i < programs_.loose.size(); ++i) {
      const Programs::Loose& loose = programs_.loose[i];
      const bool used = where[clients_ + programs_.objects + i] != 0;
      if (used || where[loose.client] < loose.after) continue;
      add_moves(where, clients_ + i, loose.operation, moves);
    }
    std::ranges::stable_sort(moves, {}, [&](const Move& move) {
      return history_.operations()[move.operation].returned;
    });
    return moves;
  }

  void add_moves(const Where& where, Id which, Id operation, std::vector<Move>& moves) {
    const Id kind = history_.operations()[operation].kind;
    for (const Id state : transitions_.next(where[object_slot(operation)], kind)) {
      moves.push_back({.which = which, .operation = operation, .state = state});
    }
  }

  std::size_t bytes() const {
    return transitions_.bytes() + visited_.bytes() + stack_.size() * width_ * sizeof(Id) +
           stack_.capacity() * sizeof(Frame) + moves_ * sizeof(Move);
  }

  const TimedHistory& history_;
  std::vector<const Kind*> kinds_;
  Transitions transitions_;
  Programs programs_;
  Id clients_;
  std::size_t width_;
  std::vector<Frame> stack_;
  Visited visited_;
  std::size_t moves_ = 0;  // in the stack
};

}  // namespace

Judgement judge_sequential(const Model& model, const TimedHistory& history, const Limits& limits) {
  return Interleaving(model, history).judge(limits);
}

}  // namespace gainsay::linearizability
