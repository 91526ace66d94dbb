// Where the values of flags come from: the command line, then the environment (GAINSAY_SEED for
// --seed), then the configuration file, then the default.
#pragma once

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gainsay::cli {

// Adds --config to the verbs that have flags.
void add_configuration(CLI::App& app);
// Gives the verb that was parsed what its command line leaves open. Throws UsageError.
void configure(CLI::App& app);
// Its value is the command line's.
bool was_given(const CLI::Option& option);
// The message, with the place that the flag it names was set at, where that is not the command
// line.
std::string with_origin(const std::string& message);

}  // namespace gainsay::cli
