DROP TABLE primary_timelines;
