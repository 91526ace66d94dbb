// The containers for states and messages, in the visitor's order.
#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>

#include "engine/reflect.hpp"

namespace gainsay {

template <class T>
using flat_set = boost::container::flat_set<T, FieldOrder>;
template <class K, class V>
using flat_map = boost::container::flat_map<K, V, FieldOrder>;
template <class T, std::size_t N>
using small_vector = boost::container::small_vector<T, N>;
template <class T, std::size_t N>
using static_vector = boost::container::static_vector<T, N>;

}  // namespace gainsay
