// No statistics are kept.
#ifndef EMULATED_CYW43_STATS_H
#define EMULATED_CYW43_STATS_H

#define CYW43_STAT_INC(name)

#endif
