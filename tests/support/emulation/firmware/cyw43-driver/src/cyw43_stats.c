// The SDK's list of source files names this one; there are no statistics.
typedef int cyw43_no_statistics_t;
