// The faults of a recorded run, from the events of a nemesis: what starts lasts until it stops.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <vector>

#include "properties/linearizability/reader.hpp"

namespace gainsay::linearizability {

class Faults {
 public:
  // Events come in order of time. Jepsen writes each twice, when it begins and when it is done: the
  // second one says more, and what stops has stopped only then.
  void add(std::uint64_t line, const std::string& function, const std::string& value, Moment now);
  std::vector<Fault> take() { return std::move(faults_); }

 private:
  void start(std::uint64_t line, const std::string& name, const std::string& text, Moment now);
  void stop(const std::string& name, Moment now);

  struct Open {
    std::size_t fault = 0;  // its place
    bool stopping = false;
  };
  std::vector<Fault> faults_;
  boost::unordered_flat_map<std::string, Open>
      open_;  // by what the function says but start or stop
  // The function of the last event, if it neither starts nor stops and was not yet written twice.
  std::optional<std::string> last_;
};

}  // namespace gainsay::linearizability
