"""conda's own words: match specs, versions, channels, subdirs, package URLs, names."""
