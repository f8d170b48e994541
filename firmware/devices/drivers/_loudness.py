"""How loud samples of sound are."""

__all__ = ("loudness",)


def loudness(samples, first, last, step):
    """Return the mean square around the mean, and the largest deviation from it; 1 is full scale (32768).

    Looks at samples[first:last:step], at most 256, of 16 bits, signed or not. A sine at full scale has 0.5 and 1.
    """
    total = 0
    low = high = samples[first]
    for i in range(first, last, step):
        sample = samples[i]
        total += sample
        if sample < low:
            low = sample
        elif sample > high:
            high = sample
    count = (last - first + step - 1) // step
    mean = (total + count // 2) // count
    peak = max(high - mean, mean - low)
    shift = 0
    while peak >> shift > 2000:  # so that the sum of 256 squares is a small integer, which takes no memory, on 32 bits
        shift += 1
    mean -= 1 << shift >> 1  # to round and not to cut
    total = 0
    for i in range(first, last, step):
        sample = samples[i] - mean >> shift
        total += sample * sample
    return total / count * (1 << shift + shift) / 1073741824, peak / 32768
